/** A rich field in ProseMirror, as a component with a toolbar. */
import { setBlockType, toggleMark } from 'prosemirror-commands';
import type { MarkType } from 'prosemirror-model';
import type { Command, EditorState } from 'prosemirror-state';
import type { EditorView } from 'prosemirror-view';
import { useEffect, useRef, useState } from 'react';
import { mountRich } from '../edit/rich.ts';
import { marks, richSchema } from '../edit/rich-schema.ts';
import type { FieldProps } from './code-field.tsx';

const { heading, paragraph } = richSchema.nodes;

export function RichField({ handle, field, label }: FieldProps) {
  const place = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<EditorView | null>(null);
  const [state, setState] = useState<EditorState | null>(null);
  useEffect(() => {
    const onView = (view: EditorView | null) => {
      setView(view);
      setState(view?.state ?? null);
    };
    return mountRich(handle, field, { parent: place.current!, label, onView, onState: setState });
  }, [handle, field, label]);
  const run = (command: Command) => {
    if (!view) return;
    command(view.state, view.dispatch);
    view.focus();
  };
  const canEdit = view?.editable === true;
  const isHeading = state?.selection.$head.parent.type === heading;
  return (
    <>
      <div className="toolbar" role="toolbar" aria-label={`Format of ${label}`}>
        {MARKS.map(({ mark, name, face }) => (
          <button
            key={name}
            type="button"
            aria-pressed={isMarked(state, mark)}
            aria-label={name}
            disabled={!canEdit}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => run(toggleMark(mark))}
          >
            {face}
          </button>
        ))}
        <button
          type="button"
          aria-pressed={isHeading}
          disabled={!canEdit}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => run(isHeading ? setBlockType(paragraph!) : setBlockType(heading!, { level: 2 }))}
        >
          Heading
        </button>
      </div>
      <div ref={place} className="surface rich" />
    </>
  );
}

const MARKS = [
  { mark: marks.strong, name: 'Bold', face: <b>B</b> },
  { mark: marks.em, name: 'Italic', face: <i>I</i> },
  { mark: marks.code, name: 'Code', face: <code>{'<>'}</code> },
];

function isMarked(state: EditorState | null, mark: MarkType): boolean {
  if (!state) return false;
  const { from, to, empty, $from } = state.selection;
  if (empty) return mark.isInSet(state.storedMarks ?? $from.marks()) !== undefined;
  return state.doc.rangeHasMark(from, to, mark);
}
