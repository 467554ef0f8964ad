import { definePipeline } from 'millrace'

export default definePipeline((ssc) => {
  ssc.queueStream([[1, 2], [3]]).output('numbers')
})
