/**
 * Everybody on the plaza, in seven draw calls: one instanced mesh per part of the body, and one for the
 * soft shadows. Colours come from the entity's `look`, so a person looks the same to all.
 */
import {
  CircleGeometry,
  Color,
  type DataTexture,
  Group,
  InstancedMesh,
  type Material,
  Matrix4,
  MeshBasicMaterial,
  MeshLambertMaterial,
  type Texture,
} from 'three';
import type { Actor } from '../actor.ts';
import { chance } from './chance.ts';
import { figureParts, type Part } from './figure.ts';
import { softDot } from './furniture.ts';
import { Gait } from './gait.ts';

const CAPACITY = 1024;
const SKINS = ['#f2cfb0', '#e0ac86', '#c68a62', '#9a6544', '#6f4630'];
const HAIRS = ['#2e2622', '#5b3b26', '#8a5a32', '#c79a54', '#a5452c', '#4a4a52', '#d8d3cc'];
const TROUSERS = ['#3d4655', '#54473f', '#39504c', '#5d5a66', '#6b5a4a'];
/** Parts that a figure has two of. */
const PAIRED: ReadonlySet<Part> = new Set(['arm', 'leg']);

interface Person {
  readonly gait: Gait;
  readonly colors: Readonly<Record<Part, Color>>;
  seen: boolean;
}

export class Crowd {
  readonly group = new Group();
  readonly #people = new Map<number, Person>();
  readonly #parts: Readonly<Record<Part, InstancedMesh>>;
  readonly #shadows: InstancedMesh;
  readonly #root = new Matrix4();
  readonly #limb = new Matrix4();
  readonly #turn = new Matrix4();

  constructor() {
    const geometry = figureParts();
    const material = new MeshLambertMaterial();
    const make = (part: Part) =>
      this.#add(new InstancedMesh(geometry[part], material, CAPACITY * (PAIRED.has(part) ? 2 : 1)));
    this.#parts = {
      coat: make('coat'),
      head: make('head'),
      hair: make('hair'),
      eyes: make('eyes'),
      arm: make('arm'),
      leg: make('leg'),
    };
    this.#shadows = this.#add(
      new InstancedMesh(
        new CircleGeometry(0.55, 16).rotateX(-Math.PI / 2),
        shadowMaterial(softDot()),
        CAPACITY,
      ),
    );
  }

  /** The drawn place of a person, smoothed in its turns. */
  gait(id: number): Gait | undefined {
    return this.#people.get(id)?.gait;
  }

  wave(id: number): void {
    this.#people.get(id)?.gait.wave();
  }

  update(actors: readonly Actor[], seconds: number): void {
    for (const person of this.#people.values()) person.seen = false;
    let row = 0;
    for (const actor of actors) {
      if (row === CAPACITY) break;
      const person = this.#person(actor);
      person.seen = true;
      person.gait.moveTo(actor.x, actor.z, actor.yaw, seconds);
      this.#pose(row++, person);
    }
    for (const [id, { seen }] of this.#people) if (!seen) this.#people.delete(id);
    for (const [part, mesh] of Object.entries(this.#parts)) {
      this.#finish(mesh, PAIRED.has(part as Part) ? row * 2 : row);
    }
    this.#finish(this.#shadows, row);
  }

  #person({ id, x, z, yaw, kind, look }: Actor): Person {
    let person = this.#people.get(id);
    if (!person) {
      person = { gait: new Gait(x, z, yaw), colors: colorsOf(look, kind), seen: true };
      this.#people.set(id, person);
    }
    return person;
  }

  #pose(row: number, { gait, colors }: Person): void {
    const swing = Math.sin(gait.phase) * gait.stride * 0.75;
    const bob = Math.abs(Math.cos(gait.phase)) * gait.stride * 0.07;
    const { lift, swing: hand } = gait.waving;
    this.#root.makeRotationY(gait.yaw).setPosition(gait.x, bob, gait.z);
    for (const part of ['coat', 'head', 'hair', 'eyes'] as const)
      this.#place(part, row, this.#root, colors[part]);
    this.#shadows.setMatrixAt(row, this.#turn.makeTranslation(gait.x, 0.02, gait.z));
    this.#swing('leg', row * 2, { x: -0.12, y: 0.66, turn: swing, tilt: 0 }, colors.leg);
    this.#swing('leg', row * 2 + 1, { x: 0.12, y: 0.66, turn: -swing, tilt: 0 }, colors.leg);
    this.#swing('arm', row * 2, { x: 0.24, y: 1.3, turn: swing, tilt: 0.22 }, colors.arm);
    const raised = -0.22 - lift * (2.35 + hand * 0.35);
    this.#swing(
      'arm',
      row * 2 + 1,
      { x: -0.24, y: 1.3, turn: -swing * (1 - lift), tilt: raised },
      colors.arm,
    );
  }

  #swing(
    part: Part,
    row: number,
    joint: { x: number; y: number; turn: number; tilt: number },
    color: Color,
  ): void {
    this.#limb.makeRotationZ(joint.tilt).premultiply(this.#turn.makeRotationX(joint.turn));
    this.#limb.setPosition(joint.x, joint.y, 0).premultiply(this.#root);
    this.#place(part, row, this.#limb, color);
  }

  #place(part: Part, row: number, at: Matrix4, color: Color): void {
    const mesh = this.#parts[part];
    mesh.setMatrixAt(row, at);
    mesh.setColorAt(row, color);
  }

  #finish(mesh: InstancedMesh, count: number): void {
    mesh.count = count;
    mesh.instanceMatrix.needsUpdate = true;
    if (mesh.instanceColor) mesh.instanceColor.needsUpdate = true;
  }

  #add(mesh: InstancedMesh): InstancedMesh {
    mesh.frustumCulled = false;
    mesh.count = 0;
    this.group.add(mesh);
    return mesh;
  }
}

/** Guests wear bright coats, bots muted ones. */
export function coatColor(look: number, kind: Actor['kind']): Color {
  const hue = look / 256;
  return new Color().setHSL(hue, kind === 'guest' ? 0.72 : 0.3, kind === 'guest' ? 0.52 : 0.56);
}

function colorsOf(look: number, kind: Actor['kind']): Record<Part, Color> {
  const random = chance(look * 7919);
  const pick = (from: readonly string[]) => new Color(from[Math.floor(random(0, from.length))]!);
  const coat = coatColor(look, kind);
  return {
    coat,
    arm: coat.clone().multiplyScalar(0.88),
    head: pick(SKINS),
    hair: pick(HAIRS),
    leg: pick(TROUSERS),
    eyes: new Color('#2a2320'),
  };
}

function shadowMaterial(map: Texture | DataTexture): Material {
  return new MeshBasicMaterial({
    color: '#3a2c38',
    alphaMap: map,
    map,
    transparent: true,
    opacity: 0.5,
    depthWrite: false,
  });
}
