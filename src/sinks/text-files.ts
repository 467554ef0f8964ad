import type { TextWriteOptions } from '../formats/text.js'
import { dstreams } from '../ops/dstream/facade.js'
import { rdds } from '../ops/rdd/facade.js'
import type { SaveOptions } from './part-files.js'
import { saveAs, saveBatchesAs } from './save-formats.js'

declare module '../ops/rdd/facade.js' {
  interface BaseRdd<T> {
    /**
     * Writes the elements as lines into a new directory: one file `part-00000` per partition, and `_SUCCESS`. Action;
     * workers write, and a rename makes the directory visible when it is complete. Texts are written unchanged, other
     * primitive values as `String` formats them, objects as JSON: a Map as an array of entries, a Set as an array.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/lines-${process.pid}-${Date.now()}`
     * await ctx.parallelize(['a', 'b'], 1).saveAsTextFile(path)
     * await ctx.textFile(path).collect() // ['a', 'b']
     * ```
     *
     * @throws ArgumentError (rejects) if the directory exists, unless `overwrite` is true or the save is part of a
     *   batch, which may run again; SaveError if the files cannot be written.
     */
    saveAsTextFile(path: string | URL, options?: TextWriteOptions & SaveOptions): Promise<void>
  }
}
declare module '../ops/dstream/facade.js' {
  interface BaseStream<T> {
    /**
     * Saves each batch as `prefix-<time in ms>` or `prefix-<time in ms>.suffix`, in the format of saveAsTextFile.
     * Output operation; workers write. A batch that runs again replaces its files.
     *
     * ```ts
     * ssc.queueStream([['a', 'b']]).saveAsTextFiles('out/batch', 'txt')
     * ```
     */
    saveAsTextFiles(prefix: string | URL, suffix?: string, options?: TextWriteOptions): void
  }
}

rdds.saveAsTextFile = function (path, options = {}) {
  return saveAs(this, path, { format: 'text', options, label: 'saveAsTextFile' })
}
dstreams.saveAsTextFiles = function (prefix, suffix, options = {}) {
  saveBatchesAs(this, prefix, suffix, { format: 'text', options, label: 'saveAsTextFiles' })
}
