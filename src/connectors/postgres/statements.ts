import type { CheckedPostgresOptions } from './options.js'
import { quoted } from './quoted.js'

/*
 * Two tables of the sink's own, in the first schema of the search path:
 *
 *   millrace_commits  the newest batch that each output of each application has committed
 *   millrace_staging  rows of large partitions until their batch is committed, as JSON; one attempt at a task has one id
 */
export const CREATE_TABLES = [
  `CREATE TABLE IF NOT EXISTS millrace_commits (
    application text, output text, batch bigint NOT NULL, PRIMARY KEY (application, output))`,
  `CREATE TABLE IF NOT EXISTS millrace_staging (
    application text, output text, batch bigint, attempt uuid, chunk integer, rows jsonb NOT NULL,
    PRIMARY KEY (attempt, chunk))`,
  'CREATE INDEX IF NOT EXISTS millrace_staging_of ON millrace_staging (application, output, batch)',
]

/** Records a batch. Returns no row if this batch, or a later one, is recorded already. */
export const NOTE_BATCH = `
  INSERT INTO millrace_commits AS known (application, output, batch) VALUES ($1, $2, $3)
  ON CONFLICT (application, output) DO UPDATE SET batch = EXCLUDED.batch WHERE known.batch < EXCLUDED.batch
  RETURNING batch`

export const STAGE_ROWS =
  'INSERT INTO millrace_staging (application, output, batch, attempt, chunk, rows) VALUES ($1, $2, $3, $4, $5, $6::jsonb)'

export const COUNT_STAGED = `
  SELECT coalesce(sum(jsonb_array_length(rows)), 0)::integer AS count FROM millrace_staging WHERE attempt = $1`

/** Deletes the staged rows of this batch and of earlier ones, including those of failed tasks and dead processes. */
export const CLEAR_STAGED = 'DELETE FROM millrace_staging WHERE application = $1 AND output = $2 AND batch <= $3'

/** Inserts the rows of the JSON text $1. The table determines the columns' types. */
export function insertInline(options: CheckedPostgresOptions): string {
  return insert(options, `jsonb_populate_recordset(NULL::${tableOf(options)}, $1::jsonb)`)
}

/** Inserts the rows that attempt $1 has staged, in order. */
export function insertStaged(options: CheckedPostgresOptions): string {
  const rows = `jsonb_populate_recordset(NULL::${tableOf(options)}, staged.rows)`
  return insert(options, `(SELECT rows FROM millrace_staging WHERE attempt = $1 ORDER BY chunk) AS staged, ${rows}`)
}

function insert(options: CheckedPostgresOptions, from: string): string {
  const columns = options.columns.map(quoted)
  return `INSERT INTO ${tableOf(options)} (${columns.join(', ')}) SELECT ${columns.map((name) => `given.${name}`).join(', ')} FROM ${from} AS given ${onConflict(options)}`
}

function onConflict({ conflict, columns }: CheckedPostgresOptions): string {
  if (conflict === 'fail') return ''
  if (conflict === 'ignore') return 'ON CONFLICT DO NOTHING'
  const others = columns
    .filter((name) => !conflict.includes(name))
    .map((name) => `${quoted(name)} = EXCLUDED.${quoted(name)}`)
  const action = others.length > 0 ? `UPDATE SET ${others.join(', ')}` : 'NOTHING'
  return `ON CONFLICT (${conflict.map(quoted).join(', ')}) DO ${action}`
}

function tableOf({ table }: CheckedPostgresOptions): string {
  return table.map(quoted).join('.')
}
