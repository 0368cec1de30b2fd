/**
 * What a bot of the shard benchmarks does: it walks straight on, turns in 5 % of the ticks, stands still for a
 * while after some turns, and acts now and then. A function of its number alone, so every system gets the same.
 */
const TURN = 0.05;
/** Of the turns: how many end in standing still until the next one. */
const STOP = 0.2;
const FIRE = 0.01;
/** As fine as `move` on the wire of both systems. */
const MOVE_STEP = 0.02;

export class BotScript {
  moveX = 0;
  moveY = 0;
  yaw = 0;
  fire = false;
  #seed: number;

  constructor(bot: number) {
    this.#seed = (Math.imul(bot + 1, 2_654_435_761) >>> 0) | 1;
    for (let i = 0; i < 4; i++) this.#chance();
    this.#turn();
  }

  /** The next tick. */
  next(): void {
    if (this.#chance() < TURN) this.#turn();
    this.fire = this.#chance() < FIRE;
  }

  #turn(): void {
    this.yaw = (this.#chance() * 2 - 1) * Math.PI;
    const speed = this.#chance() < STOP ? 0 : 1;
    this.moveX = Math.round((Math.sin(this.yaw) * speed) / MOVE_STEP) * MOVE_STEP;
    this.moveY = Math.round((Math.cos(this.yaw) * speed) / MOVE_STEP) * MOVE_STEP;
  }

  /** xorshift32, in [0, 1). Source: G. Marsaglia, 2003. */
  #chance(): number {
    let x = this.#seed;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#seed = x | 0;
    return (x >>> 0) / 2 ** 32;
  }
}
