/** Names over the heads of those nearest: sprites that fade with the distance, each with a texture made once. */
import { CanvasTexture, Group, Sprite, SpriteMaterial, type Vector3 } from 'three';
import type { Actor } from '../actor.ts';
import { coatColor } from './crowd.ts';

const HEIGHT = 64;
const METRES_PER_PIXEL = 0.0062;
const NEAR = 12;
const FAR = 26;
/** So many at once: each is a draw call. */
const MOST = 32;
/** Nearer than this a label grows no more. */
const CLOSE = 7;

interface Label {
  readonly sprite: Sprite;
  /** Pixels of the texture. */
  readonly width: number;
  readonly name: string;
}

export class Labels {
  readonly group = new Group();
  readonly #labels = new Map<number, Label>();

  update(actors: readonly Actor[], eye: Vector3): void {
    const distanceOf = ({ x, z }: Actor) => Math.hypot(x - eye.x, z - eye.z);
    const far = actors.length > MOST ? actors.map(distanceOf).sort((a, b) => a - b)[MOST]! : FAR;
    const seen = new Set<number>();
    for (const actor of actors) {
      seen.add(actor.id);
      const distance = distanceOf(actor);
      if (distance >= Math.min(far, FAR)) {
        this.#hide(actor.id);
        continue;
      }
      const { sprite, width } = this.#label(actor);
      const fade = Math.min(1, (FAR - distance) / (FAR - NEAR));
      sprite.visible = true;
      sprite.material.opacity = fade * (actor.kind === 'bot' ? 0.75 : 1);
      sprite.position.set(actor.x, 2.12, actor.z);
      const scale = METRES_PER_PIXEL * Math.min(1, Math.max(0.25, distance / CLOSE));
      sprite.scale.set(width * scale, HEIGHT * scale, 1);
    }
    for (const id of this.#labels.keys()) if (!seen.has(id)) this.#remove(id);
  }

  #label(actor: Actor): Label {
    let label = this.#labels.get(actor.id);
    if (label?.name === actor.name) return label;
    this.#remove(actor.id);
    label = { ...makeSprite(actor), name: actor.name };
    this.group.add(label.sprite);
    this.#labels.set(actor.id, label);
    return label;
  }

  #hide(id: number): void {
    const label = this.#labels.get(id);
    if (label) label.sprite.visible = false;
  }

  #remove(id: number): void {
    const label = this.#labels.get(id);
    if (!label) return;
    label.sprite.material.map?.dispose();
    label.sprite.material.dispose();
    this.group.remove(label.sprite);
    this.#labels.delete(id);
  }
}

function makeSprite(actor: Actor): { sprite: Sprite; width: number } {
  const canvas = document.createElement('canvas');
  const brush = canvas.getContext('2d')!;
  const isBot = actor.kind === 'bot';
  const font = `${isBot ? 500 : 650} 34px system-ui, sans-serif`;
  brush.font = font;
  const width = Math.ceil(brush.measureText(actor.name).width) + (isBot ? 36 : 66);
  canvas.width = width;
  canvas.height = HEIGHT;
  brush.font = font;
  brush.textBaseline = 'middle';
  brush.fillStyle = isBot ? 'rgb(40 34 38 / 0.45)' : 'rgb(32 26 32 / 0.78)';
  brush.beginPath();
  brush.roundRect(2, 6, width - 4, HEIGHT - 12, 26);
  brush.fill();
  if (!isBot) {
    brush.fillStyle = `#${coatColor(actor.look, actor.kind).getHexString()}`;
    brush.beginPath();
    brush.arc(30, HEIGHT / 2, 9, 0, Math.PI * 2);
    brush.fill();
  }
  brush.fillStyle = '#fff';
  brush.fillText(actor.name, isBot ? 18 : 48, HEIGHT / 2 + 2);
  const map = new CanvasTexture(canvas);
  const sprite = new Sprite(new SpriteMaterial({ map, transparent: true, depthWrite: false }));
  return { sprite, width };
}
