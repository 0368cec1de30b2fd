/** For tests of the commands: what becomes of the rows of notes-app.ts under numbered-app.ts. */
import type { DataFunction } from '../../store/move-rows.ts';

export const Note: DataFunction = (row) => ({ ...row, title: String(row.title).length });
