# Prints what README says of migrations: the sequence whose comment begins with
# head, or, without head, the comments of all. The owner is called as in the tests.
/^### / { is_section = /^### Migrations of your tables/ }
!is_section { next }
/^    -- / { is_wanted = index($0, "    -- " head) == 1; if (head == "") print substr($0, 5); }
/^$/ { is_wanted = 0 }
is_wanted && head != "" { gsub(/app_owner/, "regress_owner"); print substr($0, 5) }
