/** Preloaded into zero-cache, which would listen on all addresses: it listens on 127.0.0.1 only. */
import { Server } from 'node:net';

const { listen } = Server.prototype;
Server.prototype.listen = function (first, ...rest) {
  const options = typeof first === 'object' && first !== null && 'port' in first;
  return listen.call(this, options ? { ...first, host: '127.0.0.1' } : first, ...rest);
};
