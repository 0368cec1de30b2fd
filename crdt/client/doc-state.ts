/** How a document stands on this page, as the app sees it. */
import type { Fault } from '../../src/base/fault.ts';
import type { Permission } from '../core/down-frame.ts';

/**
 *   loading --joined--> live <--gap, refusal--> syncing         live, syncing --connection lost--> offline --> syncing
 *                                   any --server says no--> refused        any --last handle closed--> closed
 */
export type DocState =
  /** Nothing is known yet; the document is empty and cannot be edited. */
  | { name: 'loading' }
  /** Asked the server for what is missing. Once joined, edits go on meanwhile. */
  | { name: 'syncing' }
  /**
   * Up to date. `dropped`: edits were refused for this reason, or could not be made anew, and are gone; the document
   * was loaded again. `rebased`: for this reason unsent edits were made anew on another life of the document.
   */
  | { name: 'live'; permission: Permission; dropped: Fault | undefined; rebased: Fault | undefined }
  /** Not connected. Once joined, edits go on and are kept for later. */
  | { name: 'offline' }
  /** The server does not give out this document, for this reason. */
  | { name: 'refused'; fault: Fault }
  | { name: 'closed' };
