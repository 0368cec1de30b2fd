/** What may stand in a rich field. Pages of one document must agree on it. */
import { type MarkType, Schema } from 'prosemirror-model';
import { marks as basicMarks, nodes as basicNodes } from 'prosemirror-schema-basic';

const { doc, paragraph, heading, blockquote, horizontal_rule, text, hard_break } = basicNodes;
const { strong, em, code } = basicMarks;

export const richSchema = new Schema({
  nodes: { doc, paragraph, heading, blockquote, horizontal_rule, text, hard_break },
  marks: { strong, em, code },
});

export const marks: { readonly strong: MarkType; readonly em: MarkType; readonly code: MarkType } =
  richSchema.marks;
