/** Somebody on the plaza, as drawn in one frame. */
export interface Actor {
  readonly id: number;
  readonly kind: 'guest' | 'bot';
  readonly name: string;
  /** Metres; z is south. */
  readonly x: number;
  readonly z: number;
  readonly yaw: number;
  readonly isMe: boolean;
}
