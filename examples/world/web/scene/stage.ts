/**
 * The picture: renderer, light, everything in it, and the loop. It draws what `actors()` says each frame and
 * knows nothing of the network. Sharpness follows the frame rate, so that software rendering stays usable.
 */
import { LinearSRGBColorSpace, Scene, WebGLRenderer } from 'three';
import type { Actor } from '../actor.ts';
import { CameraRig } from './camera-rig.ts';
import { Crowd } from './crowd.ts';
import { createFountain } from './fountain.ts';
import { createLampGlow } from './furniture.ts';
import { createGround } from './ground.ts';
import { Labels } from './labels.ts';
import { lights } from './light.ts';
import { createScenery } from './scenery.ts';
import { createSignBoard, type SignBoard } from './sign-board.ts';
import { createSky } from './sky.ts';
import { isSoftwareRendered } from './software.ts';

const MAX_PIXEL_RATIO = 1.5;
const MIN_PIXEL_RATIO = 0.5;
/** Frames per second under which the picture becomes coarser, and above which it becomes sharper. */
const SLOW = 26;
const FAST = 50;
/** The longest step of an animation; a page that was hidden does not make up for lost time. */
const MAX_STEP_SECONDS = 0.1;

export interface StageHost {
  /** Called once per frame before it is drawn, with the seconds since the last. */
  actors(seconds: number): readonly Actor[];
}

export class Stage {
  readonly rig = new CameraRig();
  readonly sign: SignBoard;
  /** Frames in the last second. */
  fps = 0;
  readonly #host: StageHost;
  readonly #renderer: WebGLRenderer;
  readonly #scene = new Scene();
  readonly #crowd = new Crowd();
  readonly #labels = new Labels();
  readonly #animate: readonly ((seconds: number) => void)[];
  readonly #resizes: ResizeObserver;
  #pixelRatio = Math.min(window.devicePixelRatio, MAX_PIXEL_RATIO);
  #isSharp = false;
  #lastMs = 0;
  #countedSinceMs = 0;
  #frames = 0;

  /** Throws when there is no WebGL. */
  constructor(canvas: HTMLCanvasElement, host: StageHost) {
    this.#host = host;
    const isSoftware = isSoftwareRendered();
    if (isSoftware) this.#pixelRatio *= 0.75;
    this.#renderer = new WebGLRenderer({
      canvas,
      antialias: !isSoftware,
      powerPreference: 'high-performance',
    });
    this.#renderer.outputColorSpace = LinearSRGBColorSpace;
    this.#renderer.setPixelRatio(this.#pixelRatio);
    const scene = this.#scene;
    const sky = createSky();
    const fountain = createFountain();
    this.sign = createSignBoard();
    scene.add(lights(), sky.group, createGround(isSoftware), createScenery());
    scene.add(fountain.group, this.sign.group, createLampGlow(), this.#crowd.group, this.#labels.group);
    this.#animate = [sky.animate, fountain.animate];
    this.#resizes = new ResizeObserver(() => this.#resize());
    this.#resizes.observe(canvas);
    this.#resize();
    this.#renderer.setAnimationLoop((timeMs) => this.#frame(timeMs));
  }

  wave(id: number): void {
    this.#crowd.wave(id);
  }

  /** Full sharpness from now on, whatever it costs: for pictures of it. */
  sharpen(): void {
    this.#isSharp = true;
    this.#setPixelRatio(MAX_PIXEL_RATIO);
  }

  close(): void {
    this.#renderer.setAnimationLoop(null);
    this.#resizes.disconnect();
    this.#renderer.dispose();
  }

  #frame(timeMs: number): void {
    const seconds = Math.min(MAX_STEP_SECONDS, Math.max(0, (timeMs - this.#lastMs) / 1000));
    this.#lastMs = timeMs;
    this.#count(timeMs);
    const actors = this.#host.actors(seconds);
    this.#crowd.update(actors, seconds);
    const me = actors.find(({ isMe }) => isMe);
    if (me) this.rig.follow(me.x, me.z, seconds);
    else this.#orbit(seconds);
    this.#labels.update(actors, this.rig.camera.position);
    for (const animate of this.#animate) animate(timeMs / 1000);
    this.#renderer.render(this.#scene, this.rig.camera);
  }

  /** Before one has a figure, the camera goes slowly round the fountain. */
  #orbit(seconds: number): void {
    this.rig.turn(seconds * 0.06, 0);
    this.rig.follow(0, 4, seconds);
  }

  #count(timeMs: number): void {
    this.#frames++;
    const countedMs = timeMs - this.#countedSinceMs;
    if (countedMs < 1000) return;
    this.fps = Math.round((this.#frames * 1000) / countedMs);
    this.#frames = 0;
    this.#countedSinceMs = timeMs;
    if (this.#isSharp || countedMs > 2000 || document.hidden) return; // the page slept
    const factor = this.fps < SLOW ? 0.85 : this.fps > FAST ? 1.1 : 1;
    const most = Math.min(window.devicePixelRatio, MAX_PIXEL_RATIO);
    this.#setPixelRatio(Math.min(most, Math.max(MIN_PIXEL_RATIO, this.#pixelRatio * factor)));
  }

  #setPixelRatio(ratio: number): void {
    if (Math.abs(ratio - this.#pixelRatio) < 0.01) return;
    this.#pixelRatio = ratio;
    this.#renderer.setPixelRatio(ratio);
    this.#resize();
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#renderer.domElement;
    if (clientWidth === 0 || clientHeight === 0) return;
    this.#renderer.setSize(clientWidth, clientHeight, false);
    this.rig.resize(clientWidth, clientHeight);
  }
}
