/** `ternion/rooms`: presence and topics. Node. */
export type { RoomRule, RoomsOptions } from './options.ts';
export { rooms } from './plugin.ts';
