/** State lives in files longer than datasets of windows do, so each has files of its own. */
export type DataKind = 'state' | 'data'

/** The name of a file in a checkpoint directory, taken apart. */
export interface FileName {
  readonly kind: 'owner' | 'checkpoint' | 'entry' | 'temporary' | DataKind
  /** The term of the owner that wrote it. Only an owner of this term, or of a later one, may delete it. */
  readonly term: number
  /** Batch time in ms; 0 for `owner`. */
  readonly time: number
  readonly name: string
}

const OWNER = /^owner-(\d{1,15})$/
const TIMED = /^(?:(state|data)-(\d{1,16})-(\d{1,15})-\d{1,15}|(checkpoint|entry)-(\d{1,16})(?:-(\d{1,15}))?(\.tmp)?)$/

/** Undefined for every file that this package did not write. */
export function parseName(name: string): FileName | undefined {
  const owner = OWNER.exec(name)
  if (owner) return { kind: 'owner', term: Number(owner[1]), time: 0, name }
  const match = TIMED.exec(name)
  if (!match) return undefined
  const [, dataKind, dataTime, dataTerm, kind, time, term, temporary] = match
  if (dataKind) return { kind: dataKind as DataKind, term: Number(dataTerm), time: Number(dataTime), name }
  // A checkpoint without a term is another program's: it is read, and so reported, rather than passed over.
  return { kind: temporary ? 'temporary' : (kind as 'checkpoint'), term: Number(term ?? 0), time: Number(time), name }
}

export function ownerName(term: number): string {
  return `owner-${term}`
}

/** `serial` tells apart files that one owner writes at one batch time. */
export function fileName(kind: DataKind, time: number, term: number, serial: number): string {
  return `${kind}-${time}-${term}-${serial}`
}

export function checkpointName(time: number, term: number): string {
  return `checkpoint-${time}-${term}`
}

export function entryName(time: number, term: number): string {
  return `entry-${time}-${term}`
}

/** Whether a checkpoint can refer to this name: a data file inside its directory. */
export function isDataName(name: string): boolean {
  const kind = parseName(name)?.kind
  return kind === 'state' || kind === 'data'
}

/** The highest term in any of these names; 0 if none has one. */
export function highestTerm(names: readonly string[]): number {
  return Math.max(0, ...names.map((name) => parseName(name)?.term ?? 0))
}

/** The newest first: what a later owner wrote counts more than what an earlier one did, whatever their times. */
export function newestFirst(a: FileName, b: FileName): number {
  return b.term - a.term || b.time - a.time
}
