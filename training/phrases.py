"""Every word of the evaluation report, in English and Chinese; no figures and no layout."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class PageLanguage(StrEnum):
    """A language that the page's words are known in."""

    EN = "en"
    ZH = "zh"


_ENGLISH = {
    "tag": "en",
    "title": "How good is {model}?",
    "about": "{what}: {task}",
    "measured": "Measured on {rows} labelled messages{file}. Encoder: {encoder}.",
    "from_file": " from {file}",
    "asks_right": "How often is it right?",
    "right": "The {task} was right for {hits} of {rows} messages.",
    "sampling": "Messages of the same kind would give between {low} and {high} (95% interval).",
    "also_right": "{name}: {share} of {rows}.",
    "asks_human": "How often does it ask a human?",
    "asked": "It asked a human to look at {share} of the messages, for one or more reasons: the "
    "category was in doubt ({category}), it was urgent ({urgent}), no reply fitted ({reply}).",
    "accepted": "It decided the category of {accepted} of {rows} messages alone; {wrong} of those "
    "were wrong: {error} (95% interval {low} to {high}).",
    "none_accepted": "It decided the category of no message alone.",
    "stated": "The model states that at most {most} of what it decides alone is wrong.",
    "stated_sure": "The model states, with {sure} certainty, that at most {most} of what it "
    "decides alone is wrong.",
    "kept": "These messages bear that out.",
    "undecided": "These messages are too few to confirm or to refute that.",
    "broken": "These messages contradict that.",
    "asks_wrong": "Where does it go wrong?",
    "commonest": "The commonest mistake: {true} taken for {predicted}, {count} times.",
    "no_mistake": "No message was labelled wrongly.",
    "none": "nowhere",
    "weakest": "The weakest label with at least {least} messages: {label}, found in {hits} of "
    "{rows}.",
    "calibrated": "Stated confidence and accuracy differ by {ece} percentage points on average.",
    "strangers": "Of {rows} messages that no category fits, {share} are recognised by their score "
    "when 95% of the others pass.",
    "category": "category",
    "intent": "intent",
    "priority": "priority",
    "sentiment": "sentiment",
    "all": "all",
    "zh": "Chinese",
    "zh-Hans": "Chinese, Simplified",
    "zh-Hant": "Chinese, Traditional",
    "en": "English",
    "und": "no language",
    "language": "language",
    "messages": "messages",
    "accuracy": "accuracy (95%)",
    "macro_f1": "macro-F1 (95%)",
    "weighted_f1": "weighted F1 (95%)",
    "kappa": "Quadratic-weighted kappa (1 is agreement, 0 is chance; far misses cost more)",
    "ece": "calibration error",
    "label": "label",
    "precision": "precision",
    "recall": "recall (95%)",
    "f1": "F1",
    "every_label": "Every label",
    "by_label": "Right by label",
    "by_label_note": "Share of each label's messages that were recognised, weakest first; the bar "
    "is the 95% interval, the number in brackets counts messages.",
    "weakest_only": "The {shown} weakest of {total} labels.",
    "confused": "What is taken for what",
    "confused_note": "Rows as labelled, columns as predicted. Blue is right; the stronger the "
    "orange, the commoner the mistake.",
    "mistakes_only": "The {shown} of {total} labels with the most mistakes.",
    "honest": "Is the stated confidence honest?",
    "honest_note": "On the dashed line, messages at 80% confidence are right in 80% of cases; "
    "below it the model is too sure. Large dots hold many messages; bars are 95% intervals.",
    "risk": "Error against the share decided alone",
    "risk_note": "From the most confident message on the left to all on the right. The diamond is "
    "what the model does now. Area under the curve: {aurc}.",
    "share_right": "share right",
    "labelled": "labelled",
    "predicted": "predicted",
    "confidence": "stated confidence",
    "coverage": "share decided alone",
    "error": "wrong among those",
    "threshold": "now",
    "promised": "stated",
    "times": "times",
    "ids": "for example",
    "commonest_title": "Commonest confusions",
    "review_title": "Decided without a human",
    "limit": "confidence needed",
    "decided": "decided alone",
    "wrong": "wrong among those (95%)",
    "needs_review": "a human is asked",
    "statement": "stated at most",
    "scope_title": "Messages that no category fits",
    "scope_note": "{rows} messages labelled {labels}, against {others} others, judged by {score}. "
    "They count for no accuracy of category or intent.",
    "familiarity": "familiarity",
    "category confidence": "the confidence of the category",
    "auroc": "told apart (AUROC, 95%)",
    "refused": "recognised when 95% of the others pass",
    "retrieval_title": "Replies found",
    "first": "labelled article first (95%)",
    "third": "among the first three (95%)",
    "shown": "a reply shown",
    "shown_right": "right among those",
    "guide": "How to read the figures",
    "guide_interval": "An interval says what other messages of the same kind and number might have "
    "given. Overlapping intervals show no difference.",
    "guide_f1": "F1 is the harmonic mean of precision (how often a predicted label is right) and "
    "recall (how many of a label's messages are found). Macro-F1 counts every label alike, "
    "weighted F1 by its messages.",
    "guide_ece": "Calibration error is the mean gap between stated confidence and accuracy: 0 is "
    "best.",
    "guide_auroc": "AUROC is the chance that a message which fits a category scores above one that "
    "fits none: 1 is perfect, 0.5 is chance.",
    "guide_method": "Intervals of accuracy, F1, AUROC and retrieval: {resamples} bootstrap "
    "resamples. Intervals of shares by label and of errors: Clopper-Pearson. This page holds ids, "
    "no customer's words.",
}

_CHINESE = {
    "tag": "zh-Hans",
    "title": "{model} 表现如何？",
    "about": "{task}：{what}",
    "measured": "在 {rows} 条已标注消息上测得{file}。编码器：{encoder}。",
    "from_file": "（文件 {file}）",
    "asks_right": "多常判断正确？",
    "right": "{rows} 条消息中，{task}判断正确的有 {hits} 条。",
    "sampling": "换一批同类消息，结果应在 {low} 到 {high} 之间（95% 区间）。",
    "also_right": "{name}：{share}（共 {rows} 条）。",
    "asks_human": "多常请人工处理？",
    "asked": "{share} 的消息请人工查看，原因可能不止一个：类别拿不准（{category}）、"
    "情况紧急（{urgent}）、没有合适的回复（{reply}）。",
    "accepted": "{rows} 条消息中，{accepted} 条的类别由模型自行决定，"
    "其中 {wrong} 条有误：{error}（95% 区间 {low} 到 {high}）。",
    "none_accepted": "没有一条消息的类别由模型自行决定。",
    "stated": "模型声明：自行决定的消息中，错误最多占 {most}。",
    "stated_sure": "模型声明：有 {sure} 的把握，自行决定的消息中错误最多占 {most}。",
    "kept": "这批消息支持这一声明。",
    "undecided": "这批消息太少，既不能证实也不能推翻这一声明。",
    "broken": "这批消息与这一声明不符。",
    "asks_wrong": "错在哪里？",
    "commonest": "最常见的错误：把 {true} 判成 {predicted}，共 {count} 次。",
    "no_mistake": "没有一条消息判断错误。",
    "none": "没有错误",
    "weakest": "消息不少于 {least} 条的标签中，最弱的是 {label}：{rows} 条中认出 {hits} 条。",
    "calibrated": "模型给出的置信度与实际正确率平均相差 {ece} 个百分点。",
    "strangers": "有 {rows} 条消息不属于任何类别；在放行 95% 其他消息时，"
    "其中 {share} 能凭分数认出来。",
    "category": "类别",
    "intent": "意图",
    "priority": "优先级",
    "sentiment": "情绪",
    "all": "全部",
    "zh": "中文",
    "zh-Hans": "简体中文",
    "zh-Hant": "繁体中文",
    "en": "英文",
    "und": "无法判断语言",
    "language": "语言",
    "messages": "消息数",
    "accuracy": "正确率（95%）",
    "macro_f1": "宏平均 F1（95%）",
    "weighted_f1": "加权 F1（95%）",
    "kappa": "二次加权 kappa（1 为完全一致，0 为随机；差得越远扣得越多）",
    "ece": "校准误差",
    "label": "标签",
    "precision": "精确率",
    "recall": "召回率（95%）",
    "f1": "F1",
    "every_label": "所有标签",
    "by_label": "各标签的正确率",
    "by_label_note": "每个标签的消息有多少被认出，最弱的在最上面；"
    "横条是 95% 区间，括号里是消息数。",
    "weakest_only": "共 {total} 个标签，只画最弱的 {shown} 个。",
    "confused": "什么被误判成什么",
    "confused_note": "行是标注，列是模型的判断。蓝色是正确的；橙色越深，这种错误越常见。",
    "mistakes_only": "共 {total} 个标签，只画错误最多的 {shown} 个。",
    "honest": "置信度可信吗？",
    "honest_note": "落在虚线上，说明置信度 80% 的消息确实有 80% 正确；落在虚线下方，"
    "说明模型过于自信。点越大，消息越多；竖条是 95% 区间。",
    "risk": "自行决定的比例与错误率",
    "risk_note": "最左边只含最有把握的消息，最右边是全部消息。菱形是模型目前的做法。"
    "曲线下面积：{aurc}。",
    "share_right": "正确的比例",
    "labelled": "标注",
    "predicted": "判断",
    "confidence": "模型给出的置信度",
    "coverage": "自行决定的比例",
    "error": "其中错误的比例",
    "threshold": "目前",
    "promised": "声明",
    "times": "次数",
    "ids": "例如",
    "commonest_title": "最常见的混淆",
    "review_title": "无需人工即决定",
    "limit": "所需置信度",
    "decided": "自行决定",
    "wrong": "其中错误（95%）",
    "needs_review": "请人工查看",
    "statement": "声明的上限",
    "scope_title": "不属于任何类别的消息",
    "scope_note": "{rows} 条标为 {labels} 的消息，与另外 {others} 条相比，依据是{score}。"
    "这些消息不计入类别和意图的正确率。",
    "familiarity": "熟悉度",
    "category confidence": "类别的置信度",
    "auroc": "区分程度（AUROC，95%）",
    "refused": "放行 95% 其他消息时认出的比例",
    "retrieval_title": "找到的回复",
    "first": "标注的文章排第一（95%）",
    "third": "排在前三（95%）",
    "shown": "给出回复",
    "shown_right": "其中正确",
    "guide": "怎样看这些数字",
    "guide_interval": "区间表示：换一批同类、同样多的消息，结果可能落在哪里。"
    "两个区间重叠，就看不出差别。",
    "guide_f1": "F1 是精确率（判成某标签时有多准）与召回率（某标签的消息认出多少）的"
    "调和平均。宏平均 F1 对每个标签一视同仁，加权 F1 按消息数加权。",
    "guide_ece": "校准误差是置信度与正确率的平均差距，0 最好。",
    "guide_auroc": "AUROC 是属于某类别的消息得分高于不属于任何类别的消息的概率："
    "1 为完美，0.5 等于瞎猜。",
    "guide_method": "正确率、F1、AUROC 和检索的区间来自 {resamples} 次自助重采样；"
    "各标签比例和错误率的区间用 Clopper-Pearson 方法。本页只有编号，没有客户的原话。",
}

_PHRASES = {PageLanguage.EN: _ENGLISH, PageLanguage.ZH: _CHINESE}


def phrases(language: PageLanguage) -> Mapping[str, str]:
    """Return the words of ``language`` by key; sentences hold ``{names}`` of figures."""
    return _PHRASES[language]
