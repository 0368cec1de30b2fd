/** Somebody on the plaza, as drawn in one frame. */
export interface Actor {
  readonly id: number;
  readonly kind: 'guest' | 'bot';
  readonly name: string;
  /** 0 to 255: which coat, hair and so on. */
  readonly look: number;
  /** Metres; z is south. */
  readonly x: number;
  readonly z: number;
  readonly yaw: number;
  readonly isMe: boolean;
}
