/** What both sides of the peer agree on: people as ours, quantized to what Colyseus has next to it. */
import { schema, t } from '@colyseus/schema';

export function schemas({ half }) {
  const place = () => t.quantized({ min: -half, max: half, bits: 16 });
  const Person = schema({ x: place(), y: place(), yaw: t.angle({ bits: 16 }), health: t.uint8() }, 'Person');
  const move = () => t.quantized({ min: -1, max: 1, bits: 8 });
  const Input = schema({ moveX: move(), moveY: move(), yaw: t.angle({ bits: 16 }), fire: t.boolean() }, 'Input');
  const World = schema({ people: t.map(Person).view() }, 'World');
  return { Person, Input, World };
}
