import { ArgumentError, MillraceError, SourceError } from '../../errors.js'
import { messageOf } from '../../values/message-of.js'
import { checkSource, type DirectSource, type ReaderRef } from '../source.js'

/** Plans everything that a direct source holds now, as one batch whose interval has no end. */
export async function plannedPartitions(
  source: DirectSource<object>,
): Promise<{ readonly name: string; readonly reader: ReaderRef; readonly partitions: readonly object[] }> {
  const { kind, name, reader } = checkSource(source)
  if (kind !== 'direct' || !reader) {
    throw new ArgumentError(
      `input() got the ${kind} source '${name}'; it takes a direct source with a reader. For files use textFile().`,
      { source: name },
    )
  }
  try {
    const now = Date.now()
    const planner = source.create()
    try {
      await planner.open(now, Number.POSITIVE_INFINITY)
      const { partitions } = await planner.next(now, { clockTime: now, maxRecords: Number.POSITIVE_INFINITY })
      return { name, reader, partitions }
    } finally {
      await planner.close()
    }
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw new SourceError(`${name} could not plan its partitions: ${messageOf(cause)}`, {
      cause,
      details: { source: name },
    })
  }
}
