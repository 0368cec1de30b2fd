/**
 * One page's visit: one engine, and on its one WebSocket the plaza (a shard), the sign (a document) and the
 * guestbook (rows). The scene asks it each frame who is where; the panels read the engine by hooks.
 */
import { createApi, createSyncEngine, guestToken, type SyncEngine } from 'ternion/client';
import { joinShard, type ShardHandle } from 'ternion/shards/client';
import type { WorldApp } from '../app.ts';
import { plaza } from '../plaza.ts';
import { SIGN_ID, schema } from '../schema.ts';
import type { Actor } from './actor.ts';
import { Controls } from './controls.ts';
import { keepName, keptName } from './guest-name.ts';
import { Stage, type StageHost } from './scene/stage.ts';

export class Visit implements StageHost {
  readonly engine: SyncEngine<WorldApp>;
  readonly plaza: ShardHandle<typeof plaza>;
  stage: Stage | undefined;
  controls: Controls | undefined;
  #name = keptName();
  #yaw = Math.PI;
  #isPuttingUp = false;

  constructor(url: string) {
    this.engine = createSyncEngine<WorldApp>(url, {
      schema,
      appName: 'world',
      reconnectDelay: 250,
      token: (refused) => guestToken(url, { name: this.#name, refused }),
    });
    this.plaza = joinShard(this.engine, plaza, { id: 'main' });
    this.plaza.onState((state) => {
      if (state.name === 'playing') this.plaza.message({ rename: this.#name });
    });
    this.plaza.onEvent('wave', ({ by }) => this.stage?.wave(by));
    this.engine.store.subscribe('Sign', () => {
      this.#showSign();
      this.#putUpSign();
    });
  }

  start(): Promise<void> {
    return this.engine.start();
  }

  get name(): string {
    return this.#name;
  }

  rename(name: string): void {
    this.#name = keepName(name);
    this.plaza.message({ rename: name });
  }

  /** Shows the plaza on a canvas until the returned function is called. Throws when there is no WebGL. */
  attach(canvas: HTMLCanvasElement): () => void {
    const stage = new Stage(canvas, this);
    const controls = new Controls(canvas, stage.rig);
    this.stage = stage;
    this.controls = controls;
    this.#showSign();
    return () => {
      this.stage = undefined;
      this.controls = undefined;
      controls.close();
      stage.close();
    };
  }

  actors(seconds: number): readonly Actor[] {
    this.#steer(seconds);
    const mine = this.plaza.me?.id;
    return this.plaza.entities.map(({ id, kind, name, look, position, yaw }) => ({
      id,
      kind,
      name,
      look,
      x: position.x,
      z: position.y,
      yaw,
      isMe: id === mine,
    }));
  }

  #steer(seconds: number): void {
    const { controls, stage } = this;
    if (!controls || !stage) return;
    stage.rig.turn(controls.turning * seconds, 0);
    const { x, z } = controls.direction(stage.rig.yaw);
    if (x !== 0 || z !== 0) this.#yaw = Math.atan2(x, z);
    this.plaza.send({ move: { x, y: z }, yaw: this.#yaw, wave: controls.isWaving });
  }

  /** The first visitor of a server whose database is new puts the sign up; the function does it once. */
  #putUpSign(): void {
    const { store } = this.engine;
    if (this.#isPuttingUp || store.knowledge !== 'complete' || store.get('Sign', SIGN_ID)) return;
    this.#isPuttingUp = true;
    const done = () => {
      this.#isPuttingUp = false;
    };
    this.engine.call(createApi<WorldApp>().sign.open, {}).then(done, done);
  }

  /** The column that the server projects from the document: what a query or a search would see. */
  #showSign(): void {
    this.stage?.sign.show(this.engine.store.get('Sign', SIGN_ID)?.text ?? '');
  }
}
