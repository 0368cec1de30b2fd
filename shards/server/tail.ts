/**
 * The tail of a player's frames: the streams that not everybody who sees the same cells is sent. Entities shown to
 * him one by one, components of his own entity, components of his team's. [T8]
 */
import type { AnyShardDef, Player } from '../core/define-shard.ts';
import { TAIL_PARTS } from '../core/frames.ts';
import type { TeamLane } from '../core/interest.ts';
import type { AnyWorld, Where } from './private-rows.ts';
import { OwnRows, SeenRows, TeamRows, teamOf } from './private-rows.ts';
import type { Sight } from './sight.ts';
import type { Feed, Streams } from './streams.ts';
