// The parameters, as the only record of the only batch.
import { definePipeline } from 'millrace'

export default definePipeline((ssc, params) => {
  ssc.queueStream([[params]]).output('params')
})
