/**
 * Keys, mouse and touch as one wish: where to walk, whether to wave, how to turn the camera. Keys count
 * unless one types in a field; the stick belongs to ui/stick.tsx.
 */
const FORWARD = new Set(['KeyW', 'ArrowUp']);
const BACK = new Set(['KeyS', 'ArrowDown']);
const LEFT = new Set(['KeyA', 'ArrowLeft']);
const RIGHT = new Set(['KeyD', 'ArrowRight']);
const TURN_LEFT = new Set(['KeyQ', 'Comma']);
const TURN_RIGHT = new Set(['KeyR', 'Period']);
const WAVE = new Set(['KeyE']);
const KNOWN = new Set([...FORWARD, ...BACK, ...LEFT, ...RIGHT, ...TURN_LEFT, ...TURN_RIGHT, ...WAVE]);
const RADIANS_PER_PIXEL = 0.0055;
const KEY_TURN_SPEED = 1.9; // radians per second
/** A press of the wave button counts this long, so that a tick is sure to see it. */
const WAVE_PRESS_MS = 150;

export interface Turnable {
  turn(yaw: number, pitch: number): void;
  zoom(factor: number): void;
}

export class Controls {
  /** Each part from -1 to 1, right and forward of the camera; from the touch stick. */
  stick = { right: 0, forward: 0 };
  readonly #held = new Set<string>();
  readonly #end = new AbortController();
  #waveUntilMs = 0;

  constructor(surface: HTMLElement, camera: Turnable) {
    const options = { signal: this.#end.signal };
    window.addEventListener('keydown', (event) => this.#press(event), options);
    window.addEventListener('keyup', (event) => this.#held.delete(event.code), options);
    window.addEventListener('blur', () => this.#held.clear(), options);
    let dragged: number | undefined;
    const release = () => {
      dragged = undefined;
    };
    surface.addEventListener(
      'pointerdown',
      (event) => {
        dragged = event.pointerId;
        surface.setPointerCapture(event.pointerId);
      },
      options,
    );
    surface.addEventListener(
      'pointermove',
      (event) => {
        if (event.pointerId !== dragged) return;
        camera.turn(-event.movementX * RADIANS_PER_PIXEL, event.movementY * RADIANS_PER_PIXEL);
      },
      options,
    );
    for (const end of ['pointerup', 'pointercancel'] as const) {
      surface.addEventListener(end, release, options);
    }
    surface.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        camera.zoom(Math.exp(event.deltaY * 0.0012));
      },
      { ...options, passive: false },
    );
  }

  wave(): void {
    this.#waveUntilMs = performance.now() + WAVE_PRESS_MS;
  }

  get isWaving(): boolean {
    return this.#any(WAVE) || performance.now() < this.#waveUntilMs;
  }

  /** Radians per second by which keys turn the camera. */
  get turning(): number {
    return (Number(this.#any(TURN_LEFT)) - Number(this.#any(TURN_RIGHT))) * KEY_TURN_SPEED;
  }

  /** Where to walk in the world, for a camera that looks along `yaw`. At most of length 1. */
  direction(yaw: number): { x: number; z: number } {
    const right = Number(this.#any(RIGHT)) - Number(this.#any(LEFT)) + this.stick.right;
    const forward = Number(this.#any(FORWARD)) - Number(this.#any(BACK)) + this.stick.forward;
    const shrink = 1 / Math.max(1, Math.hypot(right, forward));
    const [ahead, aside] = [forward * shrink, right * shrink];
    return {
      x: Math.sin(yaw) * ahead - Math.cos(yaw) * aside,
      z: Math.cos(yaw) * ahead + Math.sin(yaw) * aside,
    };
  }

  close(): void {
    this.#end.abort();
  }

  #press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (!KNOWN.has(event.code)) return;
    this.#held.add(event.code);
    if (event.code.startsWith('Arrow')) event.preventDefault(); // do not scroll the page
  }

  #any(codes: ReadonlySet<string>): boolean {
    for (const code of this.#held) if (codes.has(code)) return true;
    return false;
  }
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
  );
}
