import type { FileRange } from '../files/identity.js'
import { isRemote } from '../files/paths.js'
import type { FilesPartition, PartitionReader } from '../ops/source.js'
import { type RejectRecord, rejectInto } from './faults.js'
import type { FileFormat, FormatRef } from './format.js'
import { OpenFile } from './open-file.js'
import { formatOf } from './registry.js'
import { RemoteFile } from './remote-file.js'

type Records = readonly unknown[]

/**
 * Reads files of any format. Local files are read piece by piece while the task runs, unless the format's library is
 * asynchronous.
 */
export const formatReader: PartitionReader<FilesPartition> = {
  readSync({ ranges }, context) {
    const ref = context.options as FormatRef
    if (!formatOf(ref.format).read || ranges.some(({ path }) => isRemote(path))) return undefined
    return { [Symbol.iterator]: () => readLocal(ranges, ref, rejectInto(context)) }
  },
  async *read({ ranges }, context) {
    const { format, options } = context.options as FormatRef
    const reject = rejectInto(context)
    for (const range of ranges) {
      const file = new RemoteFile(await context.fileSystem(range.path), range, context.signal)
      try {
        yield* readRemote(file, formatOf(format), options, reject)
        await file.check()
      } finally {
        await file.close()
      }
    }
  },
}

function* readLocal(
  ranges: readonly FileRange[],
  { format, options }: FormatRef,
  reject: RejectRecord,
): Generator<Records> {
  const { compressible, read } = formatOf(format)
  for (const range of ranges) {
    const file = new OpenFile(range, compressible)
    try {
      const reading = read!(file.slice, options, reject)
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
  reject: RejectRecord,
): AsyncGenerator<Records> {
  const slice = await file.open(compressible)
  if (!read) {
    yield* readWith!({ read: (at, length) => file.readPart(at, length) }, slice, options, reject)
    return
  }
  const reading = read(slice, options, reject)
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
