import { type Backfill, defineBackfill } from '@changeover/migrations'

/** Fills the new column, a thousand rows at a time. */
export const BACKFILL: Backfill = defineBackfill({
  id: 'users.full_name',
  table: 'users',
  key: 'id',
  set: 'full_name = name',
  where: 'full_name IS NULL',
})
