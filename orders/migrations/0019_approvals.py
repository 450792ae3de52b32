"""Limits and approval. The database itself refuses to remove a request, to change what was asked and what has ended."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


TABLE = "orders_approvalrequest"
ASKED = (
    "id merchant_id mode kind order_id order_number draft_id body seen steps summary fingerprint user_id who minor "
    "currency limit_met created_at expires_at"
).split()
ENDED = "OLD.state <> 'waiting'"
IN_THE_WAY = (
    f"EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id OR state = 'waiting' AND NEW.state = 'waiting' AND"
    " (draft_id = NEW.draft_id OR merchant_id = NEW.merchant_id AND mode = NEW.mode AND kind = NEW.kind"
    " AND order_id = NEW.order_id))"
)
RULES = {
    "kept": "a request for approval stays",
    "asked": "what was asked for approval stays",
    "ended": "a request for approval is decided once",
}


def _asked_changed(different: str) -> str:
    return " OR ".join(f"NEW.{column} {different} OLD.{column}" for column in ASKED)


SQLITE = [
    f"CREATE TRIGGER {TABLE}_{name} BEFORE {verb} ON {TABLE} {condition} BEGIN SELECT RAISE(ABORT, '{RULES[name]}'); END"
    for name, verb, condition in (
        ("kept", "DELETE", ""),
        ("asked", "UPDATE", f"WHEN {_asked_changed('IS NOT')}"),
        ("ended", "UPDATE", f"WHEN {ENDED}"),
    )
] + [  # no REPLACE takes a row away
    f"CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE} WHEN {IN_THE_WAY}"
    f" BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: {TABLE} is kept'); END"
]
POSTGRESQL = [
    f"CREATE FUNCTION {TABLE}_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{text}'; END $$"
    for name, text in RULES.items()
] + [
    f"CREATE TRIGGER {TABLE}_{trigger} BEFORE {verb} ON {TABLE} {each} EXECUTE FUNCTION {TABLE}_{name}()"
    for trigger, name, verb, each in (
        ("kept", "kept", "DELETE", "FOR EACH ROW"),
        ("whole", "kept", "TRUNCATE", "FOR EACH STATEMENT"),
        ("asked", "asked", "UPDATE", f"FOR EACH ROW WHEN ({_asked_changed('IS DISTINCT FROM')})"),
        ("ended", "ended", "UPDATE", f"FOR EACH ROW WHEN ({ENDED})"),
    )
]


def create_triggers(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0018_samples_and_customers'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApprovalRequest',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('mode', models.CharField(choices=[('live', 'Live'), ('test', 'Test')], max_length=4)),
                ('kind', models.CharField(choices=[('create', 'Create order'), ('update', 'Change order'), ('pay', 'Take payment'), ('cancel', 'Cancel order'), ('fulfill', 'Fulfill'), ('refund', 'Refund')], max_length=10)),
                ('order_id', models.UUIDField(null=True)),
                ('order_number', models.CharField(blank=True, max_length=100)),
                ('draft_id', models.UUIDField(null=True)),
                ('body', models.JSONField()),
                ('seen', models.JSONField()),
                ('steps', models.JSONField(default=list)),
                ('summary', models.CharField(max_length=300)),
                ('fingerprint', models.CharField(max_length=64)),
                ('who', models.CharField(max_length=254)),
                ('minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('limit_met', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('expires_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('expired', 'Expired')], default='waiting', max_length=10)),
                ('decided_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddField(
            model_name='merchant',
            name='approval_days',
            field=models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(30)]),
        ),
        migrations.AddField(
            model_name='merchant',
            name='limits',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AlterField(
            model_name='eventlog',
            name='kind',
            field=models.CharField(choices=[('signed_in', 'Signed in'), ('signed_out', 'Signed out'), ('sign_in_failed', 'Sign-in failed'), ('password_reset_asked', 'Password reset asked for'), ('password_changed', 'Password changed'), ('mfa_changed', 'Second factor changed'), ('key_added', 'Key added'), ('key_refused', 'Key not saved'), ('key_activated', 'Key made active'), ('key_switched_off', 'Key switched off'), ('key_renamed', 'Key renamed'), ('key_removed', 'Key removed'), ('webhooks_on', 'Webhooks set up'), ('webhook_secret', 'Webhook secret replaced'), ('webhooks_off', 'Webhooks switched off'), ('index_rebuilt', 'Index rebuilt'), ('merchant_changed', 'Merchant changed'), ('partner_ids', 'Partners’ ids typed'), ('invited', 'Invited'), ('invitation_withdrawn', 'Invitation withdrawn'), ('member_joined', 'Joined'), ('member_changed', 'Roles changed'), ('member_removed', 'Member removed'), ('exported', 'Exported'), ('decided', 'Outcome decided'), ('decision_contradicted', 'Decision contradicted'), ('contradiction_closed', 'Contradiction closed'), ('shipment_corrected', 'Shipment corrected'), ('shipment_status', 'Shipment status set'), ('partner_update_sent_again', 'Partner update sent again'), ('partner_update_stopped', 'Partner update stopped'), ('partner_update_released', 'Partner update released'), ('revkeen_knows', 'RevKeen not told'), ('units_given_up', 'Units given up'), ('limits_changed', 'Limits changed'), ('approval_asked', 'Approval asked for'), ('approval_given', 'Approved'), ('approval_declined', 'Approval declined'), ('approval_withdrawn', 'Request for approval withdrawn'), ('approval_expired', 'Request for approval expired'), ('refused', 'Attempt refused')], max_length=30),
        ),
        migrations.CreateModel(
            name='ApprovalToken',
            fields=[
                ('approval', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='token', serialize=False, to='orders.approvalrequest')),
                ('sealed_secret', models.TextField()),
            ],
        ),
        migrations.AddField(
            model_name='approvalrequest',
            name='merchant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.merchant'),
        ),
        migrations.AddField(
            model_name='approvalrequest',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['expires_at'], name='approvals_waiting'),
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=models.Index(fields=['merchant', 'mode', '-created_at'], name='approvals_by_merchant'),
        ),
        migrations.AddConstraint(
            model_name='approvalrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('order_id__isnull', False), ('state', 'waiting')), fields=('merchant', 'mode', 'order_id', 'kind'), name='one_waiting_approval_of_a_kind_per_order'),
        ),
        migrations.AddConstraint(
            model_name='approvalrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('draft_id__isnull', False), ('state', 'waiting')), fields=('draft_id',), name='one_waiting_approval_per_draft'),
        ),
        migrations.AddConstraint(
            model_name='approvalrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['approved', 'declined']), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('user')), _negated=True)), _connector='OR'), name='decided_by_another'),
        ),
        migrations.RunPython(create_triggers),
    ]
