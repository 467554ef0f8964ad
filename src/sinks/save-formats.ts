import type { FormatRef } from '../formats/format.js'
import { formatOf } from '../formats/registry.js'
import { type BaseStream, streamNode } from '../ops/dstream/facade.js'
import { builtin, defineBuiltin } from '../ops/functions/builtin.js'
import { checkNames } from '../ops/option-names.js'
import { type BaseRdd, nodeOf } from '../ops/rdd/facade.js'
import type { TaskContext } from '../ops/task-context.js'
import { type SaveOptions, saveEach, saveNew, writePart } from './part-files.js'

/** The format of a save. */
export interface SaveFormat {
  readonly format: string
  /** The options as the caller passed them. */
  readonly options: object
  /** The operation, in errors. */
  readonly label: string
  /** Names of options that are not the format's. */
  readonly others?: readonly string[]
}

defineBuiltin(
  'saveFormat',
  (directory: string, { format: name, options }: FormatRef) => {
    const format = formatOf(name)
    return (records: readonly unknown[], _partition: number, task: TaskContext) =>
      Promise.resolve(format.load?.()).then(() => {
        const { ending, bytes } = format.write!(records, options)
        return writePart(task, directory, bytes, ending)
      })
  },
  'later',
  'outside',
)

/** Returns the write of a dataset. @throws ArgumentError for options that are neither the format's nor others. */
function writeOf({ format, options, label, others = [] }: SaveFormat) {
  const { names, check } = formatOf(format).writeOptions!
  checkNames(options, [...names, ...others], label)
  const ref: FormatRef = { format, options: check(options, label) }
  return (directory: string) => builtin('saveFormat', directory, ref)
}

/** Saves a dataset. The options of a save may be among those of the format. */
export async function saveAs(rdd: BaseRdd<unknown>, path: string | URL, save: SaveFormat): Promise<void> {
  const write = writeOf({ ...save, others: [...(save.others ?? []), 'overwrite'] })
  const { overwrite } = save.options as SaveOptions
  await saveNew(nodeOf(rdd), path, write, save.label, { overwrite })
}

/** Saves each batch of a stream. Output operation. */
export function saveBatchesAs(
  stream: BaseStream<unknown>,
  prefix: string | URL,
  suffix: string | undefined,
  save: SaveFormat,
): void {
  saveEach(streamNode(stream), prefix, suffix, writeOf(save), save.label)
}
