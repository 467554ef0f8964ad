/** State is kept longer than datasets of windows, so each kind has separate files. */
export type DataKind = 'state' | 'data'

/** The parts of a file's name in a checkpoint directory. */
export interface FileName {
  readonly kind: 'owner' | 'checkpoint' | 'entry' | 'temporary' | 'log' | DataKind
  /** The term of the owner that wrote it. Only owners of this term or a later one may delete it. */
  readonly term: number
  /** Batch time in ms; 0 for `owner`, and for `log` the time of its first record. */
  readonly time: number
  readonly name: string
}

/** The parts of the name of a file of the write-ahead log. */
export interface LogFileName extends FileName {
  readonly kind: 'log'
  /** The last time at which records go into the file, in ms. */
  readonly stop: number
  /** Orders the files of one owner. */
  readonly serial: number
}

const LOG = /^log-(\d{1,16})-(\d{1,16})-(\d{1,15})-(\d{1,15})$/
const OWNER = /^owner-(\d{1,15})$/
const TIMED = /^(?:(state|data)-(\d{1,16})-(\d{1,15})-\d{1,15}|(checkpoint|entry)-(\d{1,16})(?:-(\d{1,15}))?(\.tmp)?)$/

/** Parses a name. Undefined for a file that this package did not write. */
export function parseName(name: string): FileName | undefined {
  const owner = OWNER.exec(name)
  if (owner) return { kind: 'owner', term: Number(owner[1]), time: 0, name }
  const match = TIMED.exec(name)
  if (!match) return parseLogName(name)
  const [, dataKind, dataTime, dataTerm, kind, time, term, temporary] = match
  if (dataKind) return { kind: dataKind as DataKind, term: Number(dataTerm), time: Number(dataTime), name }
  // A checkpoint without a term was written by another program. Reading it reports that; ignoring it would hide it.
  return { kind: temporary ? 'temporary' : (kind as 'checkpoint'), term: Number(term ?? 0), time: Number(time), name }
}

/** Parses the name of a file of the write-ahead log. Undefined for other names. */
export function parseLogName(name: string): LogFileName | undefined {
  const match = LOG.exec(name)
  if (!match) return undefined
  const [start, stop, term, serial] = match.slice(1).map(Number) as [number, number, number, number]
  return { kind: 'log', time: start, stop, term, serial, name }
}

export function logName(start: number, stop: number, term: number, serial: number): string {
  return `log-${start}-${stop}-${term}-${serial}`
}

export function ownerName(term: number): string {
  return `owner-${term}`
}

/** Returns the name of a data file. `serial` distinguishes files that one owner writes at one batch time. */
export function fileName(kind: DataKind, time: number, term: number, serial: number): string {
  return `${kind}-${time}-${term}-${serial}`
}

export function checkpointName(time: number, term: number): string {
  return `checkpoint-${time}-${term}`
}

export function entryName(time: number, term: number): string {
  return `entry-${time}-${term}`
}

/** Whether a checkpoint may refer to this name: a data file inside its directory. */
export function isDataName(name: string): boolean {
  const kind = parseName(name)?.kind
  return kind === 'state' || kind === 'data'
}

/** Returns the highest term in these names; 0 if none has one. */
export function highestTerm(names: readonly string[]): number {
  return Math.max(0, ...names.map((name) => parseName(name)?.term ?? 0))
}

/** Returns the files of these kinds among the names of a directory, newest first. */
export function filesOfKinds(names: readonly string[], ...kinds: readonly FileName['kind'][]): FileName[] {
  const files = names.map(parseName).filter((file) => file !== undefined)
  return files.filter(({ kind }) => kinds.includes(kind)).sort(newestFirst)
}

/** Orders the newest first. Files of a later owner are newer than those of an earlier owner, whatever their times. */
function newestFirst(a: FileName, b: FileName): number {
  return b.term - a.term || b.time - a.time
}
