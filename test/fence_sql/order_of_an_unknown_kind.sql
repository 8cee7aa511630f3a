/* sql/order.txt: order: "thing extension/grants\.sql task" is not KIND FILE FOR: KIND is member, object, view or finish */

thing extension/grants.sql task
