/** The hooks of this page, with the types of its app. */
import { createHooks } from 'ternion/react';
import type { EditorApp } from '../app.ts';

export const { useEngine, useQuery, useRow } = createHooks<EditorApp>();
