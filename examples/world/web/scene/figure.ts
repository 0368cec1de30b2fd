/** The parts of a figure, 1.75 m tall, facing +z. Limbs hang from their own origin, so turning them swings them. */
import { type BufferGeometry, CapsuleGeometry, CylinderGeometry, Matrix4, SphereGeometry } from 'three';
import { merged } from './painted.ts';

export type Part = 'coat' | 'head' | 'hair' | 'eyes' | 'arm' | 'leg';

export function figureParts(): Record<Part, BufferGeometry> {
  const coat = merged([
    bare(new CylinderGeometry(0.17, 0.31, 0.72, 9), 0.98),
    bare(new SphereGeometry(0.172, 9, 3, 0, Math.PI * 2, 0, Math.PI / 2), 1.34),
  ]);
  const hair = bare(
    new SphereGeometry(0.235, 9, 5, 0, Math.PI * 2, 0, Math.PI * 0.55).rotateX(-0.42).translate(0, 0, -0.012),
    1.6,
  );
  const eye = (x: number) =>
    new SphereGeometry(0.03, 5, 3).applyMatrix4(new Matrix4().makeTranslation(x, 1.6, 0.205));
  return {
    coat,
    hair,
    head: bare(new SphereGeometry(0.225, 10, 7), 1.58),
    eyes: merged([eye(-0.085), eye(0.085)]),
    arm: new CapsuleGeometry(0.068, 0.42, 2, 6).translate(0, -0.22, 0),
    leg: new CapsuleGeometry(0.085, 0.46, 2, 6).translate(0, -0.28, 0),
  };
}

function bare(geometry: BufferGeometry, y: number): BufferGeometry {
  return geometry.translate(0, y, 0);
}
