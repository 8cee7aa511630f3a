# The models of schema.sql, and how they connect through pgbouncer in transaction mode: two clients of it share a
# session, so that nothing may be kept in one from a transaction to the next.
#
#     # config/database.yml
#     production:
#       adapter: postgresql
#       port: 6432
#       prepared_statements: false
#       advisory_locks: false      # migrations: give them a connection of their own, past pgbouncer
#
class User < ActiveRecord::Base
end

class Project < ActiveRecord::Base
  has_many :tickets
end

class Ticket < ActiveRecord::Base
  belongs_to :project, counter_cache: true
  belongs_to :author, class_name: "User"
  has_many :notes, as: :noteable
  STATUSES = { open: 0, started: 1, done: 2, rejected: 3 }.freeze
  ActiveRecord::VERSION::MAJOR < 7 ? enum(status: STATUSES) : enum(:status, STATUSES)
end

class Note < ActiveRecord::Base
  belongs_to :noteable, polymorphic: true
  belongs_to :author, class_name: "User"
  after_create { Ticket.increment_counter(:notes_count, noteable_id) if noteable_type == "Ticket" }
end
