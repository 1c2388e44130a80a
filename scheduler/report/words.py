"""The words of page, workbook, plots and terminal, English and Chinese side by side."""

import re
from collections.abc import Mapping
from datetime import date

from constraints.rule import Text

LANGUAGES = ("en", "zh")

WORDS: Mapping[str, Text] = {
    # people and days
    "agent": Text("agent", "员工"),
    "agents": Text("people", "员工"),
    "shift": Text("shift", "班次"),
    "name": Text("name", "姓名"),
    "date": Text("date", "日期"),
    "days": Text("days", "天"),
    "time": Text("time", "时间"),
    "time_of_day": Text("time of day", "时刻"),
    "hours": Text("hours", "工时"),
    "nights": Text("nights", "夜班"),
    "weekends": Text("weekends", "周末班"),
    "leave_days": Text("leave", "休假"),
    "legend": Text("Legend", "图例"),
    # shift classes and leave
    "day": Text("day", "白班"),
    "evening": Text("evening", "中班"),
    "night": Text("night", "夜班"),
    "off": Text("off", "休息"),
    "leave": Text("leave", "休假"),
    "annual": Text("annual", "年假"),
    "sick": Text("sick", "病假"),
    "personal": Text("personal", "事假"),
    "marriage": Text("marriage", "婚假"),
    "maternity": Text("maternity", "产假"),
    "bereavement": Text("bereavement", "丧假"),
    "lieu": Text("lieu", "调休"),
    "training": Text("training", "培训"),
    # duties
    "meal": Text("Meal", "用餐"),
    "rest": Text("Rest", "小休"),
    "handover": Text("Handover", "交接"),
    "meeting": Text("Meeting", "会议"),
    "paid": Text("Paid", "计薪"),
    "phone": Text("Phone", "接听"),
    # cover
    "required": Text("required", "需求人数"),
    "on_phone": Text("on the phone", "在线人数"),
    "short": Text("short", "缺口"),
    "over": Text("over", "富余"),
    "met": Text("needed and there", "已满足"),
    "heads": Text("heads", "人数"),
    "required_hours": Text("required hours", "需求工时"),
    "on_phone_hours": Text("on-phone hours", "在线工时"),
    "short_hours": Text("short hours", "缺口工时"),
    "over_hours": Text("over hours", "富余工时"),
    "people_asked": Text("people asked for", "需求人次"),
    "people_there": Text("people there", "在岗人次"),
    "people_short": Text("people short", "缺口人次"),
    "people_over": Text("people over", "富余人次"),
    "of_asked": Text("of {number} asked for", "需求共 {number} 人次"),
    "queue": Text("queue", "队列"),
    "by_queue": Text("By queue", "按队列"),
    "able_people": Text("people who can answer", "可接听人数"),
    "by_queue_note": Text(
        "A person who can answer several queues counts in each of them as able, and "
        "answers one at a time.",
        "会接多个队列的人在各队列都计入可接听人数，但同一时刻只接一个队列。",
    ),
    "not_counted": Text("not counted: shifts before unknown", "不计入：此前班次未知"),
    "busiest_day": Text("Busiest day", "最忙的一天"),
    "whole_horizon": Text("Whole horizon", "整个排班期"),
    "per_horizon": Text("in {days} days", "{days} 天内次数"),
    # forecast
    "calls": Text("calls", "来电量"),
    "calls_per_interval": Text("calls per {minutes} min", "每 {minutes} 分钟来电量"),
    "came_in": Text("came in", "实际来电"),
    "mean_forecast": Text("forecast", "预测均值"),
    "band": Text("80 % band (p10–p90)", "80% 区间（p10–p90）"),
    "method": Text("method", "方法"),
    # outcome
    "status": Text("Status", "状态"),
    "optimal": Text("optimal", "已证最优"),
    "feasible": Text("feasible", "可行"),
    "heuristic": Text("heuristic", "启发式"),
    "infeasible": Text("infeasible", "无可行解"),
    "unknown": Text("unknown", "未知"),
    "interrupted": Text("interrupted", "已中断"),
    "proved": Text("proved best", "已证最优"),
    "effort": Text("effort used up", "达到计算量上限"),
    "failed": Text("a fault of all that searched", "搜索进程全部出错"),
    "precheck": Text("stopped before the search", "求解前终止"),
    "cost": Text("cost", "成本"),
    "gap": Text("gap", "差距"),
    "bound": Text("proved bound", "已证下界"),
    "seconds": Text("seconds", "秒"),
    "service_level": Text("Expected service level", "预计服务水平"),
    "occupancy": Text("Occupancy", "占用率"),
    "paid_hours": Text("Paid hours", "计薪工时"),
    "requests_met": Text("Requests met", "意愿满足"),
    "hard_broken": Text("Hard rules broken", "违反硬性规则"),
    "none": Text("none", "无"),
    "error_of_weeks": Text(
        "error on the last {weeks} weeks (%)", "最近 {weeks} 周的误差(%)"
    ),
    "methods_tried": Text("methods tried on the last weeks", "各方法的回测误差"),
    "tried_on_weeks": Text(
        "methods tried on the last {weeks} weeks: sum of errors over calls",
        "各方法在最近 {weeks} 周的误差(误差合计 / 来电量)",
    ),
    "bias": Text("bias", "偏差"),
    "picked": Text("picked", "选用"),
    "oddities_title": Text("Odd stretches of the call history", "来电历史中的异常"),
    "oddities_note": Text(
        "To undo one, copy its line of cleaning.csv into the case and write keep.",
        "如需撤销，请将 cleaning.csv 中的该行复制到案例文件夹并改为 keep。",
    ),
    "effect": Text("calls off", "来电偏差"),
    "was_drop": Text("left out", "已剔除"),
    "was_keep": Text("kept", "已保留"),
    "was_scale": Text("scaled", "已换算"),
    "error_by_weekday": Text(
        "error by weekday and weeks ahead", "按星期和提前周数的误差"
    ),
    "weeks_ahead": Text("{weeks} wk ahead", "提前 {weeks} 周"),
    "expected": Text(
        "target {target} of all calls in {seconds} s",
        "目标 {seconds} 秒内接起全部来电的 {target}",
    ),
    "of_number": Text("of {number}", "共 {number} 项"),
    "cost_above_bound": Text("gap to the bound {gap}", "与下界差距 {gap}"),
    "no_cheaper": Text("no roster costs less", "没有成本更低的班表"),
    "stopped_by": Text("{reason} after {seconds} s", "{seconds} 秒，{reason}"),
    "stop_time": Text("time used up", "用尽时限"),
    "of_required": Text("of {hours} required", "需求共 {hours}"),
    "per_week": Text("{hours} a week per person", "人均每周 {hours}"),
    # check
    "check_title": Text("Service level, simulated", "服务水平模拟"),
    "offered": Text(
        "answered within {seconds} s, of all calls offered",
        "{seconds} 秒内接起，占全部来电",
    ),
    "answered": Text(
        "answered within {seconds} s, of all calls answered",
        "{seconds} 秒内接起，占已接起来电",
    ),
    "no-short-abandons": Text(
        "answered within {seconds} s, of all calls but those given up sooner",
        "{seconds} 秒内接起，占除 {seconds} 秒内放弃外的来电",
    ),
    "any-end": Text(
        "answered or given up within {seconds} s, of all calls offered",
        "{seconds} 秒内接起或放弃，占全部来电",
    ),
    "check_note": Text(
        "Played {runs} times on sampled calls: days busier or quieter than forecast, "
        "{shrinkage} of shifts missed unplanned; {patience}. Given up or not answered: "
        "{abandoned} of calls. On calls: {occupancy} of the time on the phone.",
        "按抽样来电模拟 {runs} 次：来电多于或少于预测，{shrinkage} 的班次临时缺勤；"
        "{patience}。放弃或未接起的来电占 {abandoned}，在线时间中通话占 {occupancy}。",
    ),
    "queues_note": Text(
        "People answer any queue they know; Erlang counts each of them in one.",
        "员工接听所会的任一队列；Erlang 公式将每人只计入一个队列。",
    ),
    "patient": Text("nobody gives up", "来电者不放弃等待"),
    "patience": Text(
        "callers give up after {seconds} s in the mean",
        "来电者平均等待 {seconds} 秒后放弃",
    ),
    "simulated": Text("simulated", "模拟"),
    "erlang": Text("Erlang", "Erlang 公式"),
    "target": Text("target", "目标"),
    "eight_runs": Text("8 runs of 10 lie in", "10 次中 8 次介于"),
    "eight_days": Text("8 days of 10 lie in", "10 天中 8 天介于"),
    "reaches": Text("reaches {target}", "≥ {target} 的概率"),
    "days_reach": Text(
        "{target} in {seconds} s on {share} of days",
        "{share} 的日子达到 {seconds} 秒内 {target}",
    ),
    "hours_title": Text("By hour of the day", "按时刻"),
    "days_title": Text(
        "Chance that a day reaches {target}", "各日达到 {target} 的概率"
    ),
    "likely": Text("reached in most runs", "多数模拟达标"),
    "unlikely": Text("missed in most runs", "多数模拟未达标"),
    "unsure_days": Text(
        "Days least likely to reach {target}", "最难达到 {target} 的日子"
    ),
    "worst_intervals": Text("Worst intervals", "最差时段"),
    "other_levels": Text("By other definitions", "按其他定义"),
    "all_queues": Text("all queues", "全部队列"),
    # audit
    "rule": Text("rule", "规则"),
    "severity": Text("severity", "性质"),
    "hard": Text("hard", "硬性"),
    "soft": Text("soft", "软性"),
    "amount": Text("amount", "数量"),
    "unit": Text("unit", "单位"),
    "sentence": Text("what the audit found", "审核说明"),
    "rows": Text("rows", "条数"),
    "share": Text("share", "占比"),
    # sheets and page sections
    "roster": Text("Roster", "班表"),
    "cover_title": Text("Required and on the phone", "需求与在线人数"),
    "heatmap_title": Text("Short and over by time of day", "各时刻缺口与富余"),
    "starts_title": Text("People by shift", "各班次人数"),
    "starts_note": Text(
        "People who start each shift, and below it how many are asked for.",
        "上为各班次上班人数，下为需求人数。",
    ),
    "grid_title": Text("Who works when", "排班表"),
    "cost_title": Text("Cost by rule", "各规则成本"),
    "fairness_title": Text("Nights and weekends per person", "每人夜班与周末班"),
    "leave_title": Text("Leave", "休假"),
    "audit_title": Text("Audit", "审核"),
    "forecast_title": Text("Calls: two weeks back, and ahead", "来电量：近两周与预测"),
    "trace_title": Text("Cost and proved bound", "成本与已证下界"),
    "search_title": Text("Search", "求解过程"),
    "search_note": Text(
        "Cost of the best roster and the proved bound, by seconds of solving; no "
        "roster can cost less than the bound. An arrow tells the first cost where that "
        "is beyond the scale.",
        "最优排班的成本与已证下界随求解时间的变化；任何排班的成本都不会低于下界。"
        "最初成本超出刻度时以箭头注明。",
    ),
    "certificate_title": Text("Certificate", "审核证明"),
    "assumed_title": Text("What was assumed", "所作假设"),
    "skip": Text("Contents", "目录"),
    "first": Text("first", "开始"),
    "last": Text("last", "结束"),
    "kind": Text("kind", "类别"),
    "decision": Text("decision", "结果"),
    "approved": Text("approved before", "已批准"),
    "granted": Text("granted", "同意"),
    "refused": Text("refused", "未同意"),
    "reason": Text("reason", "原因"),
    "nobody_on_leave": Text("No leave in this period.", "本期无休假。"),
    "nothing_found": Text("The audit found nothing.", "审核未发现任何问题。"),
    "others": Text("others", "其他"),
    "as_it_is": Text("as it is", "现状"),
    "compared_title": Text("Cost of each scenario, by rule", "各方案成本(按规则)"),
    "published": Text("as published", "发布时"),
    "proposed": Text("as proposed", "调整后"),
    "replan_title": Text(
        "The rest of {date}: head hours short {before:g}, proposed {after:g}",
        "{date} 余下时段:缺口人时 {before:g},调整后 {after:g}",
    ),
    "batch_title": Text("Head hours short, case by case", "各案例的缺口人时"),
    "short_hours_axis": Text("head hours short", "缺口人时"),
    "job_failed": Text("failed", "失败"),
    "rule_costs_title": Text(
        "What each rule costs; grey: within the noise of the gaps",
        "每条规则的代价(灰色:在差距误差范围内)",
    ),
    "saved_axis": Text("cost saved without the rule", "取消该规则可节省的成本"),
    "frontier_title": Text("Service level by number of people", "人数与服务水平的关系"),
    "mix_title": Text("Heads to start, by shift and day", "各班次每日开班人数"),
    "hiring_title": Text(
        "Hours of each month; hires in blue", "每月工时(蓝色:招聘人数)"
    ),
    "month_hours": Text("hours a month", "每月小时数"),
    "at_work": Text("at work", "在岗"),
    "overtime_hours": Text("overtime", "加班"),
    "lacking_hours": Text("short", "缺口"),
    "workload": Text("workload", "工作量"),
    "no_roster": Text("There is no roster.", "没有班表。"),
    "more_rows": Text(
        "{number} more rows stand in audit.json and in the workbook.",
        "其余 {number} 条见 audit.json 与工作簿。",
    ),
    "more_people": Text(
        "The first {shown} of {people} people; all stand in the workbook.",
        "仅显示 {people} 人中的前 {shown} 人；完整班表见工作簿。",
    ),
    "grid_note": Text(
        "A red frame marks a hard rule broken, a dot a soft one.",
        "红框表示违反硬性规则，圆点表示违反软性规则。",
    ),
    "cover_note": Text(
        "Heads on the phone, breaks taken off, against what each interval requires.",
        "各时段扣除休息后的在线人数与需求人数。",
    ),
    "heatmap_note": Text(
        "Every interval of the horizon; white is exactly what is required.",
        "排班期内每个时段；白色表示恰好满足需求。",
    ),
    "cost_note": Text(
        "What the audit charges; the sum is the cost that the search minimised.",
        "由审核计算的成本；合计即求解所最小化的目标。",
    ),
    "fairness_note": Text(
        "How many people have how many, in this period.",
        "本期内各次数对应的员工人数。",
    ),
    "audit_note": Text(
        "Hard rules first, then by cost; cover by interval comes last.",
        "先列硬性规则，再按成本排列；各时段人力列于最后。",
    ),
    "from_to": Text("least {least}, most {most}", "最少 {least}，最多 {most}"),
    "certificate": Text(
        "Checked apart from the solver: {rules} rules on {cells} cells of the roster. "
        "{hard} hard and {soft} soft findings; cost {cost}, proved bound {bound}.",
        "由独立于求解器的审核得出：{rules} 条规则，{cells} 个单元格。"
        "硬性 {hard} 项，软性 {soft} 项；成本 {cost}，已证下界 {bound}。",
    ),
    "input_hash": Text("Case", "案例指纹"),
    "seed": Text("seed", "随机种子"),
    "workers": Text("workers", "线程"),
    "without_history": Text(
        "{number} of {people} people have no history and count as rested.",
        "{people} 人中有 {number} 人没有历史班次，按已休息处理。",
    ),
    "assumed_intervals": Text(
        "The first {number} intervals are not counted: nobody's shifts on the day "
        "before are known.",
        "因前一日班次未知，最初 {number} 个时段不计入。",
    ),
    "given_requirement": Text(
        "The requirement was given, so no service level is expected of it.",
        "需求人数为直接给定，故不计算预计服务水平。",
    ),
    "nothing_assumed": Text("Nothing beyond the case.", "除案例外无其他假设。"),
    "subtitle": Text(
        "{first} to {last} · {days} days · {people} people · {zone}",
        "{first} 至 {last} · {days} 天 · {people} 人 · {zone}",
    ),
    "no_chinese_font": Text(
        "no Chinese font is installed: labels in English", "未安装中文字体"
    ),
}

WEEKDAYS = (
    Text("Mon", "周一"),
    Text("Tue", "周二"),
    Text("Wed", "周三"),
    Text("Thu", "周四"),
    Text("Fri", "周五"),
    Text("Sat", "周六"),
    Text("Sun", "周日"),
)
MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

REASONS = (
    (r"a shift is pinned on (.*)", r"\1 已固定排班"),
    (
        r"leave\.limit: (\d+) already on leave on (.*)",
        r"leave.limit：\2 已有 \1 人休假",
    ),
    (r"the floor could not be kept at (.*)", r"\1 无法保证最低在线人数"),
)
"""Why a leave was refused, as `constraints.leave` says it, and in Chinese."""

UNITS: Mapping[str, str] = {
    "heads": "人",
    "people": "人",
    "holders": "人",
    "min": "分钟",
    "h": "小时",
    "hours": "小时",
    "days": "天",
    "nights": "夜",
    "shifts": "班次",
    "weekends": "周末",
    "wishes": "项",
    "windows": "次",
    "changes": "次",
}


def say(key: str, lang: str = "en", **facts: object) -> str:
    """Return a word or sentence in a language, its facts filled in.

    Parameters
    ----------
    key
        One of `WORDS`.
    lang
        ``en`` or ``zh``.

    Examples
    --------
    >>> say("service_level", "zh"), say("of_number", number=7)
    ('预计服务水平', 'of 7')
    """
    chosen = spoken(WORDS[key], lang)
    return chosen.format(**facts) if facts else chosen


def spoken(text: Text | str, lang: str) -> str:
    """Return a sentence in a language; plain text has one language only.

    Examples
    --------
    >>> spoken(Text("off", "休息"), "zh"), spoken("off", "zh")
    ('休息', 'off')
    """
    if isinstance(text, str):
        return text
    return text.zh if lang == "zh" else text.en


def say_if_known(key: str, lang: str) -> str:
    """Return the word for a key, or the key where it is the planner's own.

    Examples
    --------
    >>> say_if_known("annual", "zh"), say_if_known("jury duty", "zh")
    ('年假', 'jury duty')
    """
    return say(key, lang) if key in WORDS else key


def capital(text: str) -> str:
    """Return a label with its first letter in upper case, the rest as it is.

    Examples
    --------
    >>> capital("on the phone"), capital("iPhone calls")
    ('On the phone', 'IPhone calls')
    """
    return text[:1].upper() + text[1:]


def weekday(on: date, lang: str) -> str:
    """Return the short weekday of a date.

    Examples
    --------
    >>> weekday(date(2026, 3, 2), "en"), weekday(date(2026, 3, 2), "zh")
    ('Mon', '周一')
    """
    return spoken(WEEKDAYS[on.weekday()], lang)


def short_date(on: date, lang: str) -> str:
    """Return day and month as people write them.

    Examples
    --------
    >>> short_date(date(2026, 3, 2), "en"), short_date(date(2026, 3, 2), "zh")
    ('2 Mar', '3月2日')
    """
    if lang == "zh":
        return f"{on.month}月{on.day}日"
    return f"{on.day} {MONTHS[on.month - 1]}"


def refusal(reason: Text | str, lang: str) -> str:
    """Return why a leave was refused.

    Examples
    --------
    >>> refusal("a shift is pinned on 2026-03-02", "zh")
    '2026-03-02 已固定排班'
    """
    if lang == "zh" and isinstance(reason, str):
        for english, chinese in REASONS:
            if re.fullmatch(english, reason):
                return re.sub(english, chinese, reason)
    return spoken(reason, lang)


def unit_word(unit: str, lang: str) -> str:
    """Return the unit of an amount.

    Examples
    --------
    >>> unit_word("min", "zh"), unit_word("min", "en")
    ('分钟', 'min')
    """
    return UNITS.get(unit, unit) if lang == "zh" else unit
