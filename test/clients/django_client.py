"""django_client.py LABEL

What an application of Django writes, by its ORM: PGHOST, PGPORT ... say where.
LABEL "pooled": through pgbouncer in transaction mode.
"""
import os
import pathlib
import sys

import django
from django.conf import settings

label = sys.argv[1]
example = pathlib.Path(__file__).resolve().parents[2] / "examples" / "django"
sys.path.insert(0, str(example))
sys.dont_write_bytecode = True

settings.configure(USE_TZ=True, DATABASES={"default": {
    "ENGINE": "django.db.backends.postgresql", "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"],
    "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
    "DISABLE_SERVER_SIDE_CURSORS": label == "pooled"}})
django.setup()

from django.db import transaction  # noqa: E402
from django.db.models import Value  # noqa: E402
from django.db.models.functions import Concat  # noqa: E402
from models import Comment, Project, Ticket, User  # noqa: E402

project = Project.objects.get(name="Widgets")
ann = User.objects.get(username="ann")

with transaction.atomic():
    ticket = Ticket.objects.create(project=project, owner=ann, title=label)
    Comment.objects.create(ticket=ticket, author=ann, text=f"{label} comment")
    Comment.objects.create(ticket=ticket, author=ann, text="SECRET", public=False)
    Ticket.objects.create(project=project, owner=ann, title="SECRET draft", draft=True)
ticket.title = f"{label}, edited"
ticket.save()
# Without save(): `updated` is not set by Django.
Ticket.objects.filter(pk=ticket.pk).update(description=Concat("title", Value(", by update()")))
try:
    with transaction.atomic():
        Ticket.objects.create(project=project, owner=ann, title="SECRET rolled back")
        raise InterruptedError
except InterruptedError:
    pass
Ticket.objects.bulk_create(Ticket(project=project, owner=ann, title=f"{label} {n}") for n in range(40))
tickets = list(Ticket.objects.filter(title__in=[f"{label} {n}" for n in range(0, 40, 10)]))
for one in tickets:
    one.status = "fixed"
Ticket.objects.bulk_update(tickets, ["status"])
for one in Ticket.objects.filter(title=f"{label} 1").iterator():
    one.delete()
