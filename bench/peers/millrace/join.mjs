import { overBatches } from './stream.mjs'

export function open(task) {
  const define = (lines, ssc) => {
    const users = ssc.context
      .textFile(task.users)
      .map((line) => line.split(','))
      .partitionBy(task.threads)
      .persist()
    lines
      .map((line) => {
        const [user, amount] = line.split(',')
        return [user, Number(amount)]
      })
      .transform((orders) => orders.join(users))
      .map(([, [amount, region]]) => [region, amount])
      .reduceByKey((a, b) => a + b)
      .output('result')
  }
  return overBatches(task, define)
}
