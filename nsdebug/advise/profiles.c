/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/advise/profiles.h"

#include "nsdebug/advise/apparmor.h"
#include "nsdebug/advise/calls.h"
#include "nsdebug/advise/context.h"
#include "nsdebug/advise/files.h"
#include "nsdebug/advise/needs.h"
#include "nsdebug/target/target.h"

const char *const profiles_names[PROFILE_FILES] = {
	[PROFILE_SECCOMP] = "seccomp.json", [PROFILE_APPARMOR] = "apparmor",
	[PROFILE_KUBERNETES] = "securitycontext.yaml", [PROFILE_DOCKER] = "docker",
	[PROFILE_IMAGE] = "files.txt", [PROFILE_UNUSED] = "unused.txt",
	[PROFILE_REPORT] = "report.txt",
};

void profiles_make(struct profiles *p)
{
	struct buf *const texts = p->texts;
	const struct advice *a = p->a;
	auto_buf struct buf comments = { 0 };
	char name[CONTEXT_NAME];

	p->remarks = (struct remarks){
		.a = a, .unused = p->unused, .unnamed = p->calls->unnamed, .lost = p->lost,
		.nameless = !apparmor_has_names(a->u),
	};
	remarks_put(&comments, &p->remarks, "# ");
	context_name(a->target->name, name);
	calls_profile(&texts[PROFILE_SECCOMP], p->calls, a->whole);
	p->remarks.widened = apparmor_profile(&texts[PROFILE_APPARMOR], a, &(struct apparmor){
		.name = name, .comments = { comments.bytes, comments.len }, .exact = p->exact });
	buf_add(&texts[PROFILE_KUBERNETES], comments.bytes, comments.len);
	context_kubernetes(&texts[PROFILE_KUBERNETES], a, name);
	context_docker(&texts[PROFILE_DOCKER], a, name);
	files_list(&texts[PROFILE_IMAGE], a->u);
	files_list_unused(&texts[PROFILE_UNUSED], p->unused);
	remarks_report(&texts[PROFILE_REPORT], &p->remarks);
}

void profiles_free(struct profiles *p)
{
	for (unsigned int i = 0; i < PROFILE_FILES; i++)
		buf_free(&p->texts[i]);
}
