/** PlayerSystem with Colyseus: its messages on a raw socket, its own encoder for inputs and, of some, its decoder. */
import { decode, Reflection } from '@colyseus/schema';
import { InputEncoder } from '@colyseus/schema/input';
import { RawSocket } from '../../raw-socket.ts';
import { schemas } from './schemas.js';

const JOIN_ROOM = 10;
const ERROR = 11;
const ROOM_STATE = 14;
const ROOM_STATE_PATCH = 15;
const ROOM_INPUT_RELIABLE = 19;
/** Of the first byte; the rest says what stands before the body. */
const CODE = 31;
const TIMED = 128;
/** The server's time and the input it has come to. */
const TIMED_BYTES = 8;

export function openPeer(url, options) {
  const { Input } = schemas(options);
  return { join: (events) => join(url, Input, events) };
}

async function join(url, Input, events) {
  const response = await fetch(`${url}/matchmake/joinOrCreate/arena`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  const seat = await response.json();
  if (!response.ok) throw new Error(`no seat: ${JSON.stringify(seat)}`);
  const { processId, roomId, sessionId } = seat.room ? { ...seat.room, ...seat } : seat;
  return new Promise((resolve, reject) => {
    let decoder;
    let patches = 0;
    const message = (data, _isBinary, socket) => {
      const code = data[0] & CODE;
      if (code === ERROR) reject(new Error(`refused: ${data.toString('utf8', 1)}`));
      else if (code === JOIN_ROOM) {
        if (events.sight) decoder = decoderOf(data);
        socket.send(Uint8Array.of(JOIN_ROOM));
        resolve(player(socket, Input));
      } else if (code === ROOM_STATE || code === ROOM_STATE_PATCH) {
        events.frame();
        if (!decoder) return;
        const timed = (data[0] & TIMED) !== 0;
        decoder.decode(Uint8Array.from(data), { offset: timed ? 1 + TIMED_BYTES : 1 });
        events.sight({ tick: ++patches, entities: decoder.state.people.size, torn: 0 });
      }
    };
    const path = `${url}/${processId}/${roomId}?sessionId=${sessionId}`;
    RawSocket.connect(path, { message, closed: (reason) => reject(new Error(reason)) }).catch(reject);
  });
}

/** The state's types stand behind two short texts and a length. */
function decoderOf(data) {
  const it = { offset: 1 };
  it.offset += 1 + data[it.offset]; // a token
  it.offset += 1 + data[it.offset]; // the name of the serializer
  const length = decode.number(data, it);
  return Reflection.decode(Uint8Array.from(data.subarray(it.offset, it.offset + length)));
}

function player(socket, Input) {
  const encoder = new InputEncoder(new Input());
  const { instance } = encoder;
  return {
    get bytesIn() {
      return socket.bytesIn;
    },
    input({ moveX, moveY, yaw, fire }) {
      Object.assign(instance, { moveX, moveY, yaw, fire });
      socket.send(Buffer.concat([Uint8Array.of(ROOM_INPUT_RELIABLE), encoder.encode()]));
    },
    pause: (paused) => socket.pause(paused),
    end: () => socket.end(),
  };
}
