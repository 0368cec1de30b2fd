/** One entry of the guestbook. */
export interface EntryProps {
  readonly entry: { readonly name: string; readonly message: string; readonly writtenAt: number };
  /** Shown, but not yet known to the server. */
  readonly isPending: boolean;
  readonly onDelete: (() => void) | undefined;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const DAY_MS = 24 * 3600 * 1000;

export function EntryItem({ entry, isPending, onDelete }: EntryProps) {
  const { name, message, writtenAt } = entry;
  const format = Date.now() - writtenAt < DAY_MS ? CLOCK : DAY;
  return (
    <li className="entry" data-pending={isPending}>
      <p>{message}</p>
      <footer>
        <b>{name}</b>
        <time dateTime={new Date(writtenAt).toISOString()}>{format.format(writtenAt)}</time>
        {isPending && <span className="pending">sending</span>}
        {onDelete && !isPending && (
          <button type="button" onClick={onDelete} aria-label={`Delete your entry: ${message}`}>
            Delete
          </button>
        )}
      </footer>
    </li>
  );
}
