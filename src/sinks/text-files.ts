import { Stream } from '../ops/dstream/dstream.js'
import { builtin, defineBuiltin } from '../ops/functions/builtin.js'
import { Rdd } from '../ops/rdd/rdd.js'
import { toLine } from '../values/json.js'
import { type SaveOptions, saveEach, saveNew, writePart } from './part-files.js'

declare module '../ops/rdd/rdd.js' {
  interface Rdd<T> {
    /**
     * Writes one file `part-00000` a partition into a new directory, and `_SUCCESS`. Workers write; the directory appears by
     * a rename when it is complete. The path is resolved now. Texts as they are, other primitive
     * values as `String` does, objects as JSON: a Map as an array of entries, a Set as an array. Rejects with
     * ArgumentError if the directory is there already, unless `overwrite` is given or the save is part of a batch, which may
     * run again.
     */
    saveAsTextFile(path: string | URL, options?: SaveOptions): Promise<void>
  }
}
declare module '../ops/dstream/dstream.js' {
  interface Stream<T> {
    /**
     * Saves each batch as `prefix-<time in ms>` or `prefix-<time in ms>.suffix`, as saveAsTextFile. An output operation.
     * A batch that is done again replaces what it wrote before.
     */
    saveAsTextFiles(prefix: string | URL, suffix?: string): void
  }
}

defineBuiltin('saveText', (directory: string) => (records: Iterable<unknown>, partition: number) => {
  const lines: string[] = []
  for (const record of records) lines.push(toLine(record))
  writePart(directory, partition, lines.length > 0 ? `${lines.join('\n')}\n` : '')
})

const write = (directory: string) => builtin('saveText', directory)

Rdd.prototype.saveAsTextFile = function (path, options) {
  return saveNew(this, path, write, 'saveAsTextFile', options)
}
Stream.prototype.saveAsTextFiles = function (prefix, suffix) {
  saveEach(this, prefix, suffix, write, 'saveAsTextFiles')
}
