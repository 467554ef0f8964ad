package peers.spark;

import org.apache.spark.SparkConf;
import peers.Serve;

/** usage: SparkPeer peer=spark|spark-sql|spark-rdd|spark-structured workload=wordcount threads=2 scratch=FOLDER file=... */
public final class SparkPeer {
  static SparkConf conf(int threads) {
    String parts = Serve.word("threads");
    SparkConf conf = new SparkConf().setAppName(Serve.word("workload")).setMaster("local[" + threads + "]")
        .set("spark.ui.enabled", "false").set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
        .set("spark.log.level", "ERROR").set("spark.local.dir", Serve.word("scratch"))
        .set("spark.sql.shuffle.partitions", parts).set("spark.default.parallelism", parts);
    String master = Serve.word("master", null);
    return master == null ? conf : onCluster(conf, master, parts);
  }

  /** Executors of one core. They are on this machine, so they find the classes of the peers and of SQL, and the settings of logs, where the driver does. */
  private static SparkConf onCluster(SparkConf conf, String master, String cores) {
    return conf.remove("spark.local.dir").setMaster(master).set("spark.executor.cores", "1").set("spark.executor.memory", "2g")
        .set("spark.cores.max", cores).set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
        .set("spark.executor.extraJavaOptions", "-Dlog4j2.level=ERROR -Dlog4j.configurationFile=" + System.getProperty("log4j.configurationFile"));
  }

  public static void main(String[] words) throws Exception {
    Serve.task(words);
    boolean intervals = Serve.word("workload").equals("intervals");
    if (Serve.word("workload").equals("spark-engine")) Cluster.serve();
    else if (Serve.word("peer").equals("spark-sql")) Sql.serve();
    else if (Serve.word("peer").equals("spark-structured")) { if (intervals) Ladder.serve(StructuredIntervals::run); else Structured.serve(); }
    else if (intervals) Ladder.serve(Intervals::run);
    else if (Serve.word("workload").equals("sort")) Sort.serve();
    else Streams.serve();
  }
}
