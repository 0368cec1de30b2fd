/** `ternion/protocol`: for those who speak the wire themselves. */
export { CODES, type Code, type CodeInfo, codeOfClose, type Retry } from '../base/codes.ts';
export { Fault, type FaultJson, isFault } from '../base/fault.ts';
export { type ClientMessage, clientMessage, type PushOp } from './client-message.ts';
export { decodeFrame, encodeFrame } from './frame.ts';
export { offerSubprotocols, readSubprotocols } from './handshake.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export { type Cursor, encodeBatch, type RowOp } from './row-batch.ts';
export { type PushOutcome, type ServerMessage, type SessionInfo, serverMessage } from './server-message.ts';
export { PROTOCOL, SUBPROTOCOL, WIRE_HASH, wireHash } from './version.ts';
