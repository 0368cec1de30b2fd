/** The items of the sync benchmarks, as Zero has them; everybody may do everything. */
import {
  ANYONE_CAN_DO_ANYTHING,
  createSchema,
  definePermissions,
  number,
  string,
  table,
} from '@rocicorp/zero';

const item = table('item')
  .columns({ id: string(), title: string(), owner: string(), rank: number() })
  .primaryKey('id');
// Reads and writes without an API server of the app's between: the shortest way that Zero has.
export const schema = createSchema({ tables: [item], enableLegacyQueries: true, enableLegacyMutators: true });
export const permissions = definePermissions(schema, () => ({ item: ANYONE_CAN_DO_ANYTHING }));
