import { Rdd } from './rdd.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * The elements, in order, one partition in the driver's memory at a time: for results too large to collect. A job a
     * partition, each begun when the one before is read to its end.
     *
     * ```ts
     * for await (const x of ctx.range(3).toLocalIterator()) console.log(x)
     * ```
     */
    toLocalIterator(): AsyncGenerator<T, void, undefined>
  }
}

Rdd.prototype.toLocalIterator = async function* <T>(this: Rdd<T>) {
  for (let partition = 0; partition < this.partitions; partition++) {
    const [records] = await this.context.runner.run<T[]>(this, { op: 'collect' }, [partition])
    yield* records!
  }
}
