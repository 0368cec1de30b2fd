/** How a figure moves, from where it is drawn: its pace comes from its interpolated position. */
const STEP_LENGTH = 0.62; // m per radian of the walk's phase
const FASTEST = 9; // m/s; anything above is a jump and no walk
const WAVE_SECONDS = 1.6;

export class Gait {
  x: number;
  z: number;
  yaw: number;
  /** Radians; a full turn is two steps. */
  phase = 0;
  /** 0 standing, 1 at full stride. */
  stride = 0;
  #speed = 0;
  #waveLeft = 0;

  constructor(x: number, z: number, yaw: number) {
    this.x = x;
    this.z = z;
    this.yaw = yaw;
  }

  wave(): void {
    this.#waveLeft = WAVE_SECONDS;
  }

  /** How far the arm is up, 0 to 1, and the hand's angle. */
  get waving(): { lift: number; swing: number } {
    const left = this.#waveLeft;
    const lift = Math.min(1, left * 4, (WAVE_SECONDS - left) * 5);
    return { lift: left > 0 ? lift : 0, swing: Math.sin(left * 13) };
  }

  moveTo(x: number, z: number, yaw: number, seconds: number): void {
    const distance = Math.hypot(x - this.x, z - this.z);
    const speed = seconds > 0 ? distance / seconds : 0;
    const ease = Math.min(1, seconds * 10);
    if (speed < FASTEST) {
      this.#speed += (speed - this.#speed) * ease;
      this.phase = (this.phase + distance / STEP_LENGTH) % (Math.PI * 2);
    }
    this.stride = Math.min(1, this.#speed / 2.2);
    this.x = x;
    this.z = z;
    this.yaw += shortest(yaw - this.yaw) * Math.min(1, seconds * 14);
    this.#waveLeft = Math.max(0, this.#waveLeft - seconds);
  }
}

function shortest(angle: number): number {
  const turn = Math.PI * 2;
  return ((((angle + Math.PI) % turn) + turn) % turn) - Math.PI;
}
