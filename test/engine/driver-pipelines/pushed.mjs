// One stream of pushed pairs, which can have a checkpoint and a write-ahead log.
import { definePipeline } from 'millrace'

export default definePipeline((ssc) => {
  ssc.pushStream('pairs').output('pairs')
})
