/** One's name: a random friendly one until it is changed; over one's head and under what one writes. */
import { useState } from 'react';
import { MAX_NAME_CHARS } from '../guest-name.ts';
import type { Visit } from '../visit.ts';

export function NameField({ visit }: { visit: Visit }) {
  const [name, setName] = useState(visit.name);
  const keep = () => {
    const trimmed = name.trim();
    if (trimmed === '') setName(visit.name);
    else if (trimmed !== visit.name) visit.rename(trimmed);
  };
  return (
    <form
      className="name-field"
      onSubmit={(event) => {
        event.preventDefault();
        keep();
      }}
    >
      <label htmlFor="name">Your name</label>
      <input
        id="name"
        value={name}
        maxLength={MAX_NAME_CHARS}
        autoComplete="nickname"
        onChange={(event) => setName(event.target.value)}
        onBlur={keep}
      />
    </form>
  );
}
