import java.nio.file.Files;
import java.nio.file.Paths;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;

/** A NameNode and a DataNode in one process. Arguments: data folder, RPC port, WebHDFS port, HTTP port of the DataNode. */
public class MiniHdfs {
  public static void main(String[] args) {
    try {
      Configuration conf = new Configuration();
      String[][] settings = {
        {"fs.defaultFS", "hdfs://127.0.0.1:" + args[1]},
        {"dfs.namenode.rpc-address", "127.0.0.1:" + args[1]},
        {"dfs.namenode.http-address", "127.0.0.1:" + args[2]},
        {"dfs.namenode.name.dir", "file://" + args[0] + "/name"},
        {"dfs.datanode.data.dir", "file://" + args[0] + "/data"},
        {"dfs.datanode.address", "127.0.0.1:0"},
        {"dfs.datanode.ipc.address", "127.0.0.1:0"},
        {"dfs.datanode.http.address", "127.0.0.1:" + args[3]},
        {"dfs.datanode.hostname", "127.0.0.1"},
        {"dfs.client.use.datanode.hostname", "true"},
        {"dfs.replication", "1"},
        {"dfs.namenode.safemode.extension", "0"},
        {"dfs.namenode.datanode.registration.ip-hostname-check", "false"},
        {"dfs.datanode.directoryscan.interval", "-1"},
        {"dfs.block.scanner.volume.bytes.per.second", "0"},
        {"dfs.client.block.write.replace-datanode-on-failure.policy", "NEVER"},
        {"dfs.ls.limit", "100"},
        // Otherwise each close() of a small file waits 400 ms for the block report.
        {"dfs.client.block.write.locateFollowingBlock.initial.delay.ms", "2"},
        {"dfs.client.block.write.locateFollowingBlock.retries", "12"},
      };
      for (String[] setting : settings) conf.set(setting[0], setting[1]);
      // Formatting and starting in one process register the same metrics twice.
      DefaultMetricsSystem.setMiniClusterMode(true);
      if (!Files.exists(Paths.get(args[0], "name", "current", "VERSION"))) NameNode.format(conf);
      NameNode nameNode = NameNode.createNameNode(new String[0], conf);
      DataNode dataNode = DataNode.createDataNode(new String[0], conf);
      while (nameNode.isInSafeMode() || !dataNode.isDatanodeFullyStarted()) Thread.sleep(20);
      System.out.println("READY");
      Thread.currentThread().join();
    } catch (Throwable error) {
      error.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }
}
