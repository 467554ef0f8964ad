import type { FileRange } from '../files/identity.js'
import { isRemote } from '../files/paths.js'
import type { FilesPartition, PartitionReader } from '../ops/source.js'
import { Faults } from './faults.js'
import type { FileFormat, FormatRef } from './format.js'
import { OpenFile } from './open-file.js'
import { formatOf } from './registry.js'
import { RemoteFile } from './remote-file.js'

/** Options of the reader: a format, and the policy for bad records. */
export interface FormatReaderOptions extends FormatRef {
  /** Whether markers of bad records take their places among the others, for a later step to reject. */
  readonly keepBad: boolean
}

type Records = readonly unknown[]

/**
 * Reads files of any format. Local files are read piece by piece while the task runs, unless the format's library is
 * asynchronous.
 */
export const formatReader: PartitionReader<FilesPartition> = {
  readSync({ ranges }, context) {
    const options = context.options as FormatReaderOptions
    if (!formatOf(options.format).read || ranges.some(({ path }) => isRemote(path))) return undefined
    return { [Symbol.iterator]: () => readLocal(ranges, options) }
  },
  async *read({ ranges }, context) {
    const { format, options, keepBad } = context.options as FormatReaderOptions
    const faults = new Faults(keepBad)
    for (const range of ranges) {
      const file = new RemoteFile(await context.fileSystem(range.path), range, context.signal)
      try {
        yield* readRemote(file, formatOf(format), options, faults)
        await file.check()
      } finally {
        await file.close()
      }
    }
  },
}

function* readLocal(
  ranges: readonly FileRange[],
  { format, options, keepBad }: FormatReaderOptions,
): Generator<Records> {
  const { compressible, read } = formatOf(format)
  const faults = new Faults(keepBad)
  for (const range of ranges) {
    const file = new OpenFile(range, compressible)
    try {
      const reading = read!(file.slice, options, faults)
      for (let step = reading.next(); !step.done; ) {
        const { value } = step
        if ('records' in value) {
          yield value.records
          step = reading.next()
        } else {
          step = reading.next(file.read(value.at, value.length))
        }
      }
      file.check()
    } finally {
      file.close()
    }
  }
}

async function* readRemote(
  file: RemoteFile,
  { compressible, read, readWith }: FileFormat,
  options: object,
  faults: Faults,
): AsyncGenerator<Records> {
  const slice = await file.open(compressible)
  if (!read) {
    yield* readWith!({ read: (at, length) => file.readPart(at, length) }, slice, options, faults)
    return
  }
  const reading = read(slice, options, faults)
  for (let step = reading.next(); !step.done; ) {
    const { value } = step
    if ('records' in value) {
      yield value.records
      step = reading.next()
    } else {
      step = reading.next(await file.read(value.at, value.length))
    }
  }
}
