/** A camera that hangs behind and above somebody; dragging and keys turn it, the wheel brings it closer. */
import { PerspectiveCamera, Vector3 } from 'three';

const MIN_DISTANCE = 3.5;
const MAX_DISTANCE = 22;

export class CameraRig {
  readonly camera = new PerspectiveCamera(55, 1, 0.1, 420);
  /** The direction it looks in, as a yaw: `Math.PI` is north. */
  yaw = Math.PI;
  #pitch = 0.25;
  #distance = 8.5;
  #drawn = 8.5;
  readonly #target = new Vector3(0, 1.5, 6);
  #isPlaced = false;

  turn(yaw: number, pitch: number): void {
    this.yaw += yaw;
    this.#pitch = Math.min(1.2, Math.max(0.06, this.#pitch + pitch));
  }

  zoom(factor: number): void {
    this.#distance = Math.min(MAX_DISTANCE, Math.max(MIN_DISTANCE, this.#distance * factor));
  }

  follow(x: number, z: number, seconds: number): void {
    const ease = this.#isPlaced ? 1 - Math.exp(-seconds * 12) : 1;
    this.#isPlaced = true;
    this.#target.x += (x - this.#target.x) * ease;
    this.#target.z += (z - this.#target.z) * ease;
    this.#drawn += (this.#distance - this.#drawn) * (1 - Math.exp(-seconds * 9));
    const flat = Math.cos(this.#pitch) * this.#drawn;
    this.camera.position.set(
      this.#target.x - Math.sin(this.yaw) * flat,
      this.#target.y + Math.sin(this.#pitch) * this.#drawn,
      this.#target.z - Math.cos(this.yaw) * flat,
    );
    this.camera.lookAt(this.#target);
  }

  resize(width: number, height: number): void {
    this.camera.aspect = width / height;
    // A narrow picture gets a wider lens, so that a phone sees as much of the plaza.
    this.camera.fov = width < height ? 68 : 55;
    this.camera.updateProjectionMatrix();
  }
}
