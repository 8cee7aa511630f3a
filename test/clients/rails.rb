# rails.rb LABEL
#	What an application of Rails writes, by ActiveRecord: PGHOST, PGPORT ... say where.
#	LABEL "pooled": through pgbouncer in transaction mode.
require "active_record"

label = ARGV.fetch(0)
pooled = label == "pooled" ? { prepared_statements: false, advisory_locks: false } : {}
ActiveRecord::Base.establish_connection(adapter: "postgresql", host: ENV["PGHOST"], port: ENV["PGPORT"],
                                        database: ENV["PGDATABASE"], username: ENV["PGUSER"], **pooled)
require_relative "../../examples/rails/models"

project = Project.find_by!(name: "Widgets")
ann = User.find_by!(login: "ann")

ticket = nil
Ticket.transaction do
  ticket = project.tickets.create!(author: ann, subject: label, description: "For @bob")
  ticket.notes.create!(author: ann, body: "#{label} note")
  ticket.notes.create!(author: ann, body: "SECRET internal", internal: true)
  ticket.notes.create!(author: ann, body: "SECRET assigned to ann", system: true)
  Note.create!(noteable_type: "WikiPage", noteable_id: ticket.id, author: ann, body: "SECRET page")
  project.tickets.create!(author: ann, subject: "SECRET hole", confidential: true)
end
ticket.reload
stale = Ticket.find(ticket.id)
ticket.update!(subject: "#{label}, edited")
begin
  stale.update!(subject: "SECRET stale")
  abort "an edit of a row that was read before another edit was not refused"
rescue ActiveRecord::StaleObjectError
  stale.reload
end
stale.update_columns(description: "#{label}: by update_columns")
Ticket.transaction do
  ticket.notes.create!(author: ann, body: "SECRET rolled back")
  raise ActiveRecord::Rollback
end
3.times { |n| ticket.notes.find_by!(body: n.zero? ? "#{label} note" : "#{label} note#{'!' * n}").update!(body: "#{label} note#{'!' * (n + 1)}") }
