import { definePipeline } from 'millrace'

export default definePipeline((ssc) => {
  ssc
    .pushStream('words')
    .map((word) => [word, 1])
    .updateStateByKey((values, total) => values.reduce((a, b) => a + b, total ?? 0))
    .output('totals')
})
