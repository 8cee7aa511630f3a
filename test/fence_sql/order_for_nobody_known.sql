/* sql/order.txt: order: "object extension/grants\.sql tasks" is not KIND FILE FOR: FOR is task, comment or both */

object extension/grants.sql tasks
