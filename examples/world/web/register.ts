/** The hooks of this page serve this app. */
import type { WorldApp } from '../app.ts';

declare module 'ternion/react' {
  interface Register {
    app: WorldApp;
  }
}
