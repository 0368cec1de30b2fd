/**
 * The debug overlay of a shard: its clocks on one line, the last frames with their bytes and how late they came, and the
 * figures of the handle. Loaded by show-overlay.ts when somebody asks for it.
 */
import { FrameHistory, type FrameSource } from './frame-history.ts';

export interface OverlaySource extends FrameSource {
  readonly rtt: number;
  readonly entities: readonly unknown[];
  readonly state: { readonly name: string };
}

const WIDTH = 420;
const HEIGHT = 247;
const LEFT = 10;
/** So many frames are shown, each in a column of its own. */
const FRAMES = 200;
const COLUMN = (WIDTH - 2 * LEFT) / FRAMES;
/** Ticks on the line of clocks, to both sides of the newest frame. */
const SPAN_TICKS = 15;
const BARS = { top: 62, height: 46 };
const LATE = { top: 124, height: 32 };
const TEXT_TOP = 174;
/** Components whose share of the bytes is shown, and how often it is summed up. */
const COMPONENTS = 3;
const SUM_EVERY_DRAWS = 30;
/** What fills the height of the bars of lateness. */
const MOST_LATE_MS = 250;

const CLOCKS = [
  { name: 'others', colour: '#6cf', of: (source: OverlaySource) => source.clock.playhead },
  { name: 'frame', colour: '#fff', of: (source: OverlaySource) => source.clock.tick },
  { name: 'server', colour: '#fc6', of: (source: OverlaySource) => source.clock.serverTick },
  { name: 'own', colour: '#6f6', of: (source: OverlaySource) => source.clock.ownPlayhead },
];

export class Overlay {
  readonly #source: OverlaySource;
  readonly #history: FrameHistory;
  readonly #canvas: HTMLCanvasElement;
  readonly #pen: CanvasRenderingContext2D | null;
  #frame = 0;
  #draws = 0;
  #shares = '';

  constructor(source: OverlaySource, into: HTMLElement) {
    this.#source = source;
    this.#history = new FrameHistory(source, FRAMES);
    const canvas = into.ownerDocument.createElement('canvas');
    const scale = globalThis.devicePixelRatio || 1;
    canvas.width = WIDTH * scale;
    canvas.height = HEIGHT * scale;
    canvas.setAttribute('data-ternion-overlay', '');
    canvas.style.cssText = `position:fixed;right:8px;bottom:8px;width:${WIDTH}px;height:${HEIGHT}px;z-index:9999;pointer-events:none;border-radius:6px;background:rgba(8,12,20,.92)`;
    this.#canvas = canvas;
    this.#pen = canvas.getContext('2d');
    this.#pen?.scale(scale, scale);
    into.append(canvas);
    this.#draw();
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    this.#history.close();
    this.#canvas.remove();
  }

  #draw(): void {
    this.#frame = requestAnimationFrame(() => this.#draw());
    const pen = this.#pen;
    if (!pen) return;
    pen.clearRect(0, 0, WIDTH, HEIGHT);
    pen.font = '11px ui-monospace, monospace';
    pen.textAlign = 'left';
    this.#drawClocks(pen);
    this.#drawFrames(pen);
    this.#drawFigures(pen);
  }

  /** Where each clock stands, in ticks beside the newest frame. */
  #drawClocks(pen: CanvasRenderingContext2D): void {
    const { tick } = this.#source.clock;
    const middle = WIDTH / 2;
    const step = (WIDTH / 2 - LEFT) / SPAN_TICKS;
    pen.fillStyle = '#345';
    for (let n = -SPAN_TICKS; n <= SPAN_TICKS; n++)
      pen.fillRect(middle + n * step, 30, 1, n % 5 === 0 ? 10 : 5);
    CLOCKS.forEach(({ name, colour, of }, i) => {
      const off = Math.max(-SPAN_TICKS, Math.min(SPAN_TICKS, of(this.#source) - tick));
      pen.fillStyle = colour;
      pen.fillRect(middle + off * step - 1, 24, 3, 22);
      pen.fillText(`${name} ${off >= 0 ? '+' : ''}${off.toFixed(1)}`, LEFT + i * 100, 16);
    });
  }

  #drawFrames(pen: CanvasRenderingContext2D): void {
    const history = this.#history;
    let most = 1;
    let sum = 0;
    for (let n = 0; n < history.size; n++) {
      most = Math.max(most, history.at(n).bytes);
      sum += history.at(n).bytes;
    }
    for (let n = 0; n < history.size; n++) {
      const { bytes, lateMs, mispredicted } = history.at(n);
      const x = WIDTH - LEFT - (n + 1) * COLUMN;
      const high = (bytes / most) * BARS.height;
      pen.fillStyle = '#59c';
      pen.fillRect(x, BARS.top + BARS.height - high, COLUMN * 0.8, high);
      const late = Math.min(1, lateMs / MOST_LATE_MS) * LATE.height;
      pen.fillStyle = lateMs > this.#source.stats.interpolationDelayMs ? '#f66' : '#886';
      pen.fillRect(x, LATE.top + LATE.height - late, COLUMN * 0.8, late);
      pen.fillStyle = '#f44';
      if (mispredicted) pen.fillRect(x, BARS.top + BARS.height + 1, COLUMN * 0.8, 4);
    }
    const mean = history.size === 0 ? 0 : sum / history.size;
    pen.fillStyle = '#9ab';
    pen.fillText(
      `bytes of a frame: ${mean.toFixed(0)}, at most ${most}; red below: not as predicted`,
      LEFT,
      BARS.top - 6,
    );
    pen.fillText('how late it came; red: later than it was drawn', LEFT, LATE.top - 4);
  }

  #drawFigures(pen: CanvasRenderingContext2D): void {
    const { stats, clock, rtt, entities, state } = this.#source;
    const buffered = clock.tick - clock.playhead;
    if (this.#draws++ % SUM_EVERY_DRAWS === 0) this.#shares = sharesOf(stats.componentBytes());
    const lines = [
      `${state.name}  tick ${clock.tick}  ${entities.length} entities  ${(stats.bytesPerSecond / 1000).toFixed(1)} kB/s`,
      `rtt ${rtt.toFixed(0)} ms  jitter ${stats.jitterMs.toFixed(0)} ms  delay ${stats.interpolationDelayMs.toFixed(0)} ms`,
      `buffered ${buffered.toFixed(1)} ticks  inputs waiting ${stats.inputDepth}`,
      `mispredictions ${stats.mispredictions}  rejected ${stats.rejected}  frames ${stats.frames}`,
      this.#shares,
    ];
    pen.fillStyle = '#dfe7f0';
    lines.forEach((line, i) => {
      pen.fillText(line, LEFT, TEXT_TOP + i * 15);
    });
  }
}

/** The components that take most, in percent of what all of them take. */
function sharesOf(bytes: Readonly<Record<string, number>>): string {
  const all = Object.values(bytes).reduce((sum, each) => sum + each, 0);
  if (all === 0) return '';
  const most = Object.entries(bytes).sort(([, a], [, b]) => b - a);
  const shares = most
    .slice(0, COMPONENTS)
    .map(([name, each]) => `${name} ${((each / all) * 100).toFixed(0)} %`);
  return `bytes of: ${shares.join('  ')}`;
}
